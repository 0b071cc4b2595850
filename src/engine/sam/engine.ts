import { statSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { SegmentError } from "../../api";
import { loadSharp } from "../picture";
import { PooledEngine, type WorkerOptions } from "../pooled-engine";
import type { Provider, SamFiles } from "../types";
import { locateSam, type SearchOptions } from "./locate";

export interface SamEngineOptions extends SearchOptions, WorkerOptions {
  /** Memory in bytes that the machine, or its cgroup, must have. */
  minMemory: number;
  /** In the order of preference. */
  providers?: Provider[];
  /** Folder that keeps embeddings. */
  embeddingDir?: string;
}

/** More threads than this no longer make the encoder faster. */
const MAX_THREADS = 4;

/** The sam engine: needs weights, a runtime, and sharp. */
export function createSamEngine(options: SamEngineOptions): PooledEngine {
  const { workers, minMemory, providers, embeddingDir } = options;
  const locate = () => {
    checkMemory(minMemory);
    loadSharp();
    const files = locateSam(options);
    const setup = { engine: "sam" as const, files, threads: threadsFor(workers), providers, embeddingDir };
    return { setup, fingerprint: fingerprint(files) };
  };
  return new PooledEngine({ name: "sam", version: "unknown", locate }, options);
}

function checkMemory(minMemory: number): void {
  const memory = availableMemory();
  if (memory >= minMemory) return;
  throw new SegmentError(
    "job-failed",
    `The sam engine needs about 2 GB of memory, this machine has ${(memory / 1e9).toFixed(1)} GB. ` +
      'Use a segment server on a bigger machine, or choose the engine "sam" to try it nevertheless.',
  );
}

/** Threads of one worker: the workers share the cores, and one core is left to the rest of the machine. */
function threadsFor(workers: number): number {
  return Math.max(1, Math.min(MAX_THREADS, Math.floor((availableParallelism() - 1) / workers)));
}

/** Memory in bytes of the machine, or of the cgroup (container) that confines this process. */
function availableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Changes when one of the files is replaced. */
function fingerprint({ encoder, decoder, runtimes }: SamFiles): string {
  const folders = runtimes.map(({ folder }) => folder);
  return [encoder, decoder, ...folders]
    .map((file) => `${file} ${statSync(file).size} ${statSync(file).mtimeMs}`)
    .join();
}
