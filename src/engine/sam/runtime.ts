import { z } from "zod";
import { errorText, SegmentError } from "../../api";
import type { RuntimePackage } from "../types";
import { samPackages } from "./packages";

/** The part of ONNX Runtime's JavaScript interface that we use; it is the same in all its versions. */
export interface OnnxRuntime {
  InferenceSession: { create(model: string | Buffer, options: SessionOptions): Promise<OnnxSession> };
  Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OnnxTensor;
  /** Of onnxruntime-web: all its sessions share these threads. */
  env?: { wasm: { numThreads?: number } };
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
  env: z
    .custom<NonNullable<OnnxRuntime["env"]>>((value) => typeof value === "object" && value !== null && "wasm" in value)
    .optional(),
});

/** ONNX Runtime and the package that it came from. */
export interface LoadedRuntime {
  runtime: OnnxRuntime;
  package: RuntimePackage;
}

/**
 * Loads ONNX Runtime from the first of the packages that works on this platform.
 * @param log called with the failures of those that do not
 * @throws {SegmentError} `job-failed` when none does
 */
export function loadRuntime(packages: readonly RuntimePackage[], log: (message: string) => void): LoadedRuntime {
  const failures: string[] = [];
  for (const each of packages) {
    try {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- the user installs it, the path is known at run time
      const loaded = { runtime: runtimeSchema.parse(require(each.folder)), package: each };
      failures.forEach(log);
      return loaded;
    } catch (error) {
      failures.push(`The runtime in ${each.folder} can't be loaded: ${errorText(error)}`);
    }
  }
  const { native, web } = samPackages;
  throw new SegmentError(
    "job-failed",
    `${failures.join(". ")}. Where ${native.name} has no build for the platform, as on Alpine Linux, ` +
      `${web.name} does: run segment-server install-sam --web, with the options of the first installation.`,
  );
}

/** How a session is opened. */
export interface OpenOptions {
  /** The execution provider, by ONNX Runtime's name; the CPU does what it can't. `cpu` by default. */
  provider?: string;
  /** The model's bytes, if they are not read from the file. */
  model?: Buffer;
}

/**
 * Opens an ONNX model.
 * @throws {SegmentError} `job-failed` when the file is missing, cut off or not a model, or the provider can't be had
 */
export async function openSession(
  runtime: OnnxRuntime,
  file: string,
  threads: number,
  { provider = "cpu", model }: OpenOptions = {},
): Promise<OnnxSession> {
  try {
    return await runtime.InferenceSession.create(model ?? file, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: "all",
      // No second name: newer versions would take it without a word where the first one is missing.
      executionProviders: [provider],
      logSeverityLevel: 3,
    });
  } catch (error) {
    const reason = errorText(error).trim();
    throw new SegmentError(
      "job-failed",
      provider === "cpu"
        ? `The weights ${file} can't be loaded: the file is not a complete ONNX model (${reason})`
        : `${file} can't be opened by the provider ${provider}: ${reason}`,
      { cause: error },
    );
  }
}
