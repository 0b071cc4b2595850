import { errorText, pointLabel, SegmentError, type EngineName, type Prompt, type Segment } from "../api";
import type { WorkerSetup } from "./messages";
import { WorkerPool, type PoolOptions } from "./pool";
import type { Engine, EngineHealth, EngineIdentity, EngineTask } from "./types";

/** After this time workers are tried again with what they could not load: the machine may have been short of memory. */
const PROBLEM_LASTS_MS = 5 * 60_000;

/** What every engine with workers is told. */
export type WorkerOptions = Pick<PoolOptions, "maxQueued" | "taskTimeoutMs" | "log"> & { workers: number };

/** What tells one engine from another. */
export interface EngineKind extends Pick<PoolOptions, "fastAfterMs"> {
  name: EngineName;
  /** The version as long as no worker has told it. */
  version: string;
  /**
   * Finds what the workers need.
   * @returns what a worker is to load, and a text that changes when it is worth while to try it again
   * @throws {SegmentError} `job-failed` that names what is missing and the command that brings it
   */
  locate(): { setup: WorkerSetup; fingerprint: string };
}

/**
 * An engine whose workers start when there is work for them. As long as what they need is missing or does not work it is
 * looked for again at each task, so that it can be installed while the engine runs.
 */
export class PooledEngine implements Engine {
  readonly name: EngineName;
  #pool: WorkerPool | undefined;
  /** Why the workers could not load the last time, what, and when. */
  #problem: { reason: string; fingerprint: string; at: number } | undefined;
  #closed = false;

  constructor(
    private readonly kind: EngineKind,
    private readonly options: WorkerOptions,
  ) {
    this.name = kind.name;
  }

  get version(): string {
    return this.#pool?.version ?? this.kind.version;
  }

  get queued(): number {
    return this.#pool?.queued ?? 0;
  }

  get full(): boolean {
    return this.#pool?.full ?? false;
  }

  warmUp(): void {
    try {
      (this.#pool ?? this.#openPool()).warmUp();
    } catch (error) {
      this.options.log(`The ${this.name} engine is not ready: ${errorText(error)}`);
    }
  }

  async segment(task: EngineTask, onStart?: (by: EngineIdentity) => void): Promise<Segment[]> {
    if (this.#closed) throw new SegmentError("cancelled", "The engine was closed.");
    if (!asksForSomething(task.prompt)) {
      onStart?.({ name: this.name, version: this.version });
      return [];
    }
    const pool = this.#pool ?? this.#openPool();
    return pool.run(task, (version) => onStart?.({ name: this.name, version }));
  }

  health(): EngineHealth {
    if (this.#pool !== undefined) return { ready: true, backend: this.#pool.backend };
    try {
      const { fingerprint } = this.kind.locate();
      const problem = this.#problem;
      const isKnown = problem?.fingerprint === fingerprint && performance.now() - problem.at < PROBLEM_LASTS_MS;
      return isKnown ? { ready: false, reason: problem.reason } : { ready: true };
    } catch (error) {
      return { ready: false, reason: errorText(error) };
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool?.close();
  }

  #openPool(): WorkerPool {
    const { setup, fingerprint } = this.kind.locate();
    const { workers, maxQueued, taskTimeoutMs, log } = this.options;
    this.#pool = new WorkerPool({
      setup,
      size: workers,
      maxQueued,
      taskTimeoutMs,
      log,
      fastAfterMs: this.kind.fastAfterMs,
      onBroken: (reason) => {
        this.#pool = undefined;
        this.#problem = { reason, fingerprint, at: performance.now() };
      },
    });
    return this.#pool;
  }
}

/** Background points alone leave nothing to look for. */
function asksForSomething({ points = [], boundingBox }: Prompt): boolean {
  return boundingBox !== undefined || points.some((point) => pointLabel(point) === 1);
}
