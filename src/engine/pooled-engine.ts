import { errorText, pointLabel, SegmentError, type EngineName, type Prompt, type Segment } from "../api";
import type { WorkerSetup } from "./protocol";
import { WorkerPool, type PoolOptions } from "./pool";
import type { Engine, EngineHealth, EngineIdentity, EngineTask } from "./types";

/** Workers try again after this time to load what they could not load: the machine may have been short of memory. */
const PROBLEM_LASTS_MS = 5 * 60_000;

/** Options of every engine with workers. */
export type WorkerOptions = Pick<PoolOptions, "taskTimeoutMs" | "log"> & { workers: number };

/** What differs between engines. */
export interface EngineKind extends Pick<PoolOptions, "fastAfterMs"> {
  name: EngineName;
  /** The version until a worker has loaded the model. */
  version: string;
  /**
   * Finds the files that the workers need.
   * @returns what a worker loads, and a text that changes when it is worthwhile to try again
   * @throws {SegmentError} `job-failed` that names what is missing and the command that installs it
   */
  locate(): { setup: WorkerSetup; fingerprint: string };
}

/**
 * An engine whose workers start when there is work for them. While the files that they need are missing or do not work,
 * each task searches for them again, so that they can be installed while the engine runs.
 */
export class PooledEngine implements Engine {
  readonly name: EngineName;
  #pool: WorkerPool | undefined;
  /** The last failure to load: the reason, the files that were tried, and the time. */
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

  warmUp(): void {
    try {
      (this.#pool ?? this.#openPool()).warmUp();
    } catch (error) {
      this.options.log(`The ${this.name} engine is not ready: ${errorText(error)}`);
    }
  }

  async segment(task: EngineTask, onStart?: (by: EngineIdentity) => void): Promise<Segment[]> {
    if (this.#closed) throw new SegmentError("cancelled", "The engine was closed.");
    if (!hasTarget(task.prompt)) {
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
    const { workers, taskTimeoutMs, log } = this.options;
    this.#pool = new WorkerPool({
      setup,
      size: workers,
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

/** Whether the prompt names an object: background points alone do not. */
function hasTarget({ points = [], boundingBox }: Prompt): boolean {
  return boundingBox !== undefined || points.some((point) => pointLabel(point) === 1);
}
