import { z } from "zod";
import { errorText, SegmentError } from "../../api";

/** The part of ONNX Runtime's JavaScript interface that we use; it is the same in all its versions. */
export interface OnnxRuntime {
  InferenceSession: { create(model: string | Buffer, options: SessionOptions): Promise<OnnxSession> };
  Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OnnxTensor;
}

export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(inputs: Record<string, OnnxTensor>): Promise<Partial<Record<string, OnnxTensor>>>;
}

export interface OnnxTensor {
  readonly dims: readonly number[];
  readonly data: unknown;
}

interface SessionOptions {
  intraOpNumThreads: number;
  interOpNumThreads: number;
  graphOptimizationLevel: "all";
  executionProviders: string[];
  logSeverityLevel: 3;
}

const runtimeSchema = z.looseObject({
  InferenceSession: z.custom<OnnxRuntime["InferenceSession"]>(
    (value) => typeof value === "function" && "create" in value && typeof value.create === "function",
  ),
  Tensor: z.custom<OnnxRuntime["Tensor"]>((value) => typeof value === "function"),
});

/**
 * Loads ONNX Runtime from the folder of its package.
 * @throws {SegmentError} `job-failed` when it has no build for this platform or is not ONNX Runtime
 */
export function loadRuntime(folder: string): OnnxRuntime {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- the user installs it, the path is known at run time
    return runtimeSchema.parse(require(folder));
  } catch (error) {
    throw new SegmentError("job-failed", `The runtime in ${folder} can't be loaded: ${errorText(error)}`, {
      cause: error,
    });
  }
}

/**
 * Opens an ONNX model.
 * @param model its bytes, where they are not to be read from the file
 * @throws {SegmentError} `job-failed` when the file is missing, cut off or not a model
 */
export async function openSession(
  runtime: OnnxRuntime,
  file: string,
  threads: number,
  model?: Buffer,
): Promise<OnnxSession> {
  try {
    return await runtime.InferenceSession.create(model ?? file, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: "all",
      executionProviders: ["cpu"],
      logSeverityLevel: 3,
    });
  } catch (error) {
    throw new SegmentError(
      "job-failed",
      `The weights ${file} can't be loaded: the file is not a complete ONNX model (${errorText(error).trim()})`,
      { cause: error },
    );
  }
}
