import { errorText, SegmentError, type Segment } from "../api";
import type { WorkerSetup } from "./protocol";
import { TaskTimeEstimate } from "./task-time-estimate";
import type { EngineTask } from "./types";
import { WorkerProcess, type LoadedModel } from "./worker-process";

/** Runs until a worker has its full speed. */
const WARM_UPS = 2;
/** Start attempts in a row, with a pause between, before an engine that has worked counts as broken. */
const START_ATTEMPTS = 3;
const START_PAUSE_MS = 1000;

export interface PoolOptions {
  setup: WorkerSetup;
  /** Greatest number of workers; each is started when there is work for it. */
  size: number;
  /** How long a worker may take to load the model, or for one task. */
  taskTimeoutMs: number;
  /** For an engine with a fast form: tasks use it if the queue would otherwise take longer than this. */
  fastAfterMs?: number;
  /** Called when no worker can be started; the waiting tasks have been rejected with the same reason. */
  onBroken: (reason: string) => void;
  log: (message: string) => void;
}

interface QueuedTask {
  task: EngineTask;
  onStart?: (version: string) => void;
  resolve: (segments: Segment[]) => void;
  reject: (error: unknown) => void;
}

/**
 * Worker processes behind a first-in-first-out queue.
 *
 * States of a worker:
 * - *starting*: loads the model. Then → idle; if that fails, it is discarded.
 * - *idle* → busy with the next task, or with one of its warm-up runs if no task waits.
 * - *busy* → idle when the task or run has ended. A worker that was lost leaves the pool; another one is started when
 *   there is work for it.
 *
 * States of the pool:
 * - *open*: starts workers while tasks wait, up to `size`.
 * - *paused*: the last worker could not be started, but the engine has worked before. After a second → open.
 * - *broken*: no worker can be started. All waiting tasks are rejected and `onBroken` is called, whose owner drops the pool.
 * - *closed*: all tasks are rejected, all processes are killed. Final.
 */
export class WorkerPool {
  /** The workers that can be used, with their states. */
  readonly #workers = new Map<WorkerProcess, "starting" | "idle" | "busy">();
  /** One for each live process, including stopped ones; resolves when it has ended. */
  readonly #processes = new Set<Promise<void>>();
  readonly #queue: QueuedTask[] = [];
  readonly #estimate: TaskTimeEstimate | undefined;
  #loaded: LoadedModel | undefined;
  #hasWorked = false;
  #failedStarts = 0;
  /** Set while the pool is paused. */
  #pause: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(private readonly options: PoolOptions) {
    if (options.fastAfterMs !== undefined) this.#estimate = new TaskTimeEstimate(options.fastAfterMs);
  }

  /** The engine's version, once a worker has loaded it. */
  get version(): string | undefined {
    return this.#loaded?.version;
  }

  /** What the model computes with, once a worker has loaded it. */
  get backend(): LoadedModel["backend"] | undefined {
    return this.#loaded?.backend;
  }

  /** Starts a first worker, so that the first task need not wait for it to load. */
  warmUp(): void {
    if (this.#workers.size === 0) this.#start();
  }

  /**
   * Queues a task and runs it, if possible on the worker that keeps its picture.
   * @param onStart called with the engine's version when a worker takes the task
   * @throws {SegmentError} as `Engine.segment` does
   */
  async run(task: EngineTask, onStart?: (version: string) => void): Promise<Segment[]> {
    if (this.#closed) throw closedError();
    return new Promise((resolve, reject) => {
      this.#queue.push({ task, onStart, resolve, reject });
      this.#dispatch();
    });
  }

  /** Rejects all tasks with `cancelled` and waits until the processes are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#pause);
    this.#rejectQueue(closedError());
    for (const worker of this.#workers.keys()) worker.stop(closedError());
    await Promise.all(this.#processes);
  }

  #dispatch(): void {
    for (;;) {
      const next = this.#queue[0];
      const worker = next && this.#pickIdle(next.task);
      if (next === undefined || worker === undefined) break;
      this.#queue.shift();
      void this.#work(worker, next);
    }
    if (this.#queue.length > this.#count("starting") && this.#workers.size < this.options.size) this.#start();
  }

  #pickIdle({ sha256 }: EngineTask): WorkerProcess | undefined {
    const idle = [...this.#workers].filter(([, state]) => state === "idle").map(([worker]) => worker);
    return idle.find((worker) => worker.keeps(sha256)) ?? idle[0];
  }

  #count(state: string): number {
    return [...this.#workers.values()].filter((each) => each === state).length;
  }

  async #work(worker: WorkerProcess, { task, onStart, resolve, reject }: QueuedTask): Promise<void> {
    this.#workers.set(worker, "busy");
    const fast = this.#isFast(task);
    onStart?.(`${this.version ?? ""}${fast ? "-fast" : ""}`);
    const start = performance.now();
    try {
      resolve(await worker.segment({ ...task, fast }));
      this.#noteSuccess();
      if (!fast) this.#estimate?.note(performance.now() - start);
    } catch (error) {
      reject(error);
      if (worker.isLost) this.options.log(`A worker was lost and will be replaced: ${errorText(error)}`);
    }
    this.#free(worker);
  }

  /** Whether a task that leaves the queue now uses the engine's fast form. */
  #isFast({ fast }: EngineTask): boolean {
    if (this.#estimate === undefined) return false;
    return fast ?? this.#estimate.isBehind(this.#queue.length, this.options.size);
  }

  /** Makes a busy or starting worker idle, or removes it if it was lost, and hands out the next task. */
  #free(worker: WorkerProcess): void {
    if (worker.isLost) this.#workers.delete(worker);
    else this.#workers.set(worker, "idle");
    this.#dispatch();
  }

  #noteSuccess(): void {
    this.#hasWorked = true;
    this.#failedStarts = 0;
  }

  #start(): void {
    if (this.#pause !== undefined) return;
    let worker: WorkerProcess;
    try {
      worker = new WorkerProcess(this.options.taskTimeoutMs, this.options.log);
    } catch (error) {
      this.#startFailed(error); // no memory for a process, or the package is being updated
      return;
    }
    this.#workers.set(worker, "starting");
    const ended = worker.ended.then(() => {
      this.#workers.delete(worker);
      this.#processes.delete(ended);
    });
    this.#processes.add(ended);
    void this.#launch(worker);
  }

  async #launch(worker: WorkerProcess): Promise<void> {
    try {
      this.#loaded = await worker.load(this.options.setup);
      this.#free(worker);
      for (let runs = 0; runs < WARM_UPS && this.#workers.get(worker) === "idle"; runs++) {
        this.#workers.set(worker, "busy");
        await worker.warmUp();
        this.#noteSuccess();
        this.#free(worker);
      }
    } catch (error) {
      this.#discard(worker, error);
    }
  }

  /** Removes a worker that could not load or run the model. If other workers are alive, they take the queue. */
  #discard(worker: WorkerProcess, error: unknown): void {
    this.#workers.delete(worker);
    worker.stop(new SegmentError("job-failed", errorText(error)));
    this.#startFailed(error);
  }

  #startFailed(error: unknown): void {
    if (this.#closed) return;
    const reason = errorText(error);
    this.options.log(`A worker could not be started: ${reason}`);
    if (this.#workers.size > 0) return;
    this.#failedStarts += 1;
    if (this.#hasWorked && this.#failedStarts < START_ATTEMPTS) {
      this.#pause = setTimeout(() => {
        this.#pause = undefined;
        this.#dispatch();
      }, START_PAUSE_MS);
      return;
    }
    this.#failedStarts = 0;
    this.#rejectQueue(error);
    this.options.onBroken(reason);
  }

  #rejectQueue(error: unknown): void {
    for (const { reject } of this.#queue.splice(0)) reject(error);
  }
}

function closedError(): SegmentError {
  return new SegmentError("cancelled", "The engine was closed.");
}
