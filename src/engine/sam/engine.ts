import { statSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { errorText, pointLabel, SegmentError, type Prompt, type Segment } from "../../api";
import { loadSharp } from "../picture";
import { WorkerPool } from "../pool";
import type { Engine, EngineHealth, EngineTask } from "../types";
import { locateSam, type SamFiles, type SearchOptions } from "./locate";
import type { Provider } from "./providers";

export interface SamEngineOptions extends SearchOptions {
  workers: number;
  maxQueued: number;
  taskTimeoutMs: number;
  /** Memory in bytes that the machine, or its cgroup, must have. */
  minMemory: number;
  /** What to compute on, in the order of preference. */
  providers?: Provider[];
  /** Folder that keeps embeddings. */
  embeddingDir?: string;
  log: (message: string) => void;
}

/** More threads than this no longer make the encoder faster. */
const MAX_THREADS = 4;

/**
 * The sam engine. As long as weights or runtime are missing or do not work it looks for them again at each task, so that
 * they can be installed while it runs.
 */
export class SamEngine implements Engine {
  readonly name = "sam";
  readonly #options: SamEngineOptions;
  #pool: WorkerPool | undefined;
  /** Why the model could not be loaded the last time, and from which files. */
  #problem: { reason: string; files: string } | undefined;
  #closed = false;

  constructor(options: SamEngineOptions) {
    this.#options = options;
    try {
      this.#openPool().warmUp();
    } catch (error) {
      options.log(`The sam engine is not ready: ${errorText(error)}`);
    }
  }

  get version(): string {
    return this.#pool?.version ?? "unknown";
  }

  get queued(): number {
    return this.#pool?.queued ?? 0;
  }

  get full(): boolean {
    return this.#pool?.full ?? false;
  }

  async segment(task: EngineTask, onStart?: () => void): Promise<Segment[]> {
    if (this.#closed) throw new SegmentError("cancelled", "The engine was closed.");
    if (!asksForSomething(task.prompt)) {
      onStart?.();
      return [];
    }
    const pool = this.#pool ?? this.#openPool();
    return pool.run(task, onStart);
  }

  health(): EngineHealth {
    if (this.#pool !== undefined) return { ready: true, backend: this.#pool.backend };
    try {
      const files = this.#locate();
      const problem = this.#problem;
      return problem?.files === fingerprint(files) ? { ready: false, reason: problem.reason } : { ready: true };
    } catch (error) {
      return { ready: false, reason: errorText(error) };
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool?.close();
  }

  #openPool(): WorkerPool {
    const files = this.#locate();
    const loaded = fingerprint(files);
    const { workers, maxQueued, taskTimeoutMs, providers, embeddingDir, log } = this.#options;
    this.#pool = new WorkerPool({
      setup: { files, threads: threadsFor(workers), providers, embeddingDir },
      size: workers,
      maxQueued,
      taskTimeoutMs,
      onBroken: (reason) => {
        this.#pool = undefined;
        this.#problem = { reason, files: loaded };
      },
      log,
    });
    return this.#pool;
  }

  #locate(): SamFiles {
    const memory = availableMemory();
    if (memory < this.#options.minMemory) {
      throw new SegmentError(
        "job-failed",
        `The sam engine needs about 2 GB of memory, this machine has ${(memory / 1e9).toFixed(1)} GB. ` +
          'Use a segment server on a bigger machine, or choose the engine "sam" to try it nevertheless.',
      );
    }
    loadSharp();
    return locateSam(this.#options);
  }
}

/** Background points alone leave nothing to look for. */
function asksForSomething({ points = [], boundingBox }: Prompt): boolean {
  return boundingBox !== undefined || points.some((point) => pointLabel(point) === 1);
}

/** Threads of one worker: the cores are shared, and one is left to the rest of the machine. */
function threadsFor(workers: number): number {
  return Math.max(1, Math.min(MAX_THREADS, Math.floor((availableParallelism() - 1) / workers)));
}

/** Bytes of memory of the machine, or of the cgroup (container) that this process is confined to. */
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
