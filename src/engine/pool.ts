import { errorText, SegmentError, type Segment } from "../api";
import type { WorkerSetup } from "./messages";
import { TaskTimeEstimate } from "./task-time-estimate";
import type { EngineTask } from "./types";
import { WorkerProcess, type LoadedModel } from "./worker-process";

/** Runs before a worker has its full speed. */
const WARM_UPS = 2;
/** So often is a worker started of an engine that has worked, with a pause between, until it counts as broken. */
const START_ATTEMPTS = 3;
const START_PAUSE_MS = 1000;

export interface PoolOptions {
  setup: WorkerSetup;
  /** Workers at most; each is started when there is work for it. */
  size: number;
  /** Tasks that may wait for a worker. */
  maxQueued: number;
  /** How long a worker may take to load, or for one task. */
  taskTimeoutMs: number;
  /** For an engine that has a fast form: tasks take it when they would wait longer than this otherwise. */
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

/** Worker processes behind a bounded first-in-first-out queue. A worker that is lost is replaced when there is work. */
export class WorkerPool {
  /** The workers that can be used, and what they do. */
  readonly #workers = new Map<WorkerProcess, "starting" | "idle" | "busy">();
  /** One for each process that lives, also of those that were told to stop; resolves when it has ended. */
  readonly #processes = new Set<Promise<void>>();
  readonly #queue: QueuedTask[] = [];
  readonly #pace: TaskTimeEstimate | undefined;
  #loaded: LoadedModel | undefined;
  #hasWorked = false;
  #failedStarts = 0;
  /** Runs out when a worker may be started again. */
  #pause: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(private readonly options: PoolOptions) {
    if (options.fastAfterMs !== undefined) this.#pace = new TaskTimeEstimate(options.fastAfterMs);
  }

  /** The engine's version, once a worker has loaded it. */
  get version(): string | undefined {
    return this.#loaded?.version;
  }

  /** What computes, once a worker has loaded the model. */
  get backend(): LoadedModel["backend"] | undefined {
    return this.#loaded?.backend;
  }

  get queued(): number {
    return this.#queue.length;
  }

  get full(): boolean {
    return this.#queue.length >= this.options.maxQueued;
  }

  /** Starts a first worker, so that the first task need not wait for it to load. */
  warmUp(): void {
    if (this.#workers.size === 0) this.#start();
  }

  /**
   * Runs a task when its turn comes, if it can be on the worker that keeps its picture.
   * @param onStart called with the engine's version when a worker takes the task
   * @throws {SegmentError} `overloaded`, `cancelled`, or what became of the task
   */
  async run(task: EngineTask, onStart?: (version: string) => void): Promise<Segment[]> {
    if (this.#closed) throw closedError();
    if (this.full) {
      const message = `The engine is overloaded: ${this.#queue.length} tasks are waiting. Try again later.`;
      throw new SegmentError("overloaded", message);
    }
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

  #count(wanted: string): number {
    return [...this.#workers.values()].filter((state) => state === wanted).length;
  }

  async #work(worker: WorkerProcess, { task, onStart, resolve, reject }: QueuedTask): Promise<void> {
    this.#workers.set(worker, "busy");
    const fast = this.#isFast(task);
    onStart?.(`${this.version ?? ""}${fast ? "-fast" : ""}`);
    const start = performance.now();
    try {
      resolve(await worker.segment({ ...task, fast }));
      this.#noteSuccess();
      if (!fast) this.#pace?.note(performance.now() - start);
    } catch (error) {
      reject(error);
      if (worker.isLost) this.options.log(`A worker was lost and will be replaced: ${errorText(error)}`);
    }
    this.#free(worker);
  }

  /** Whether a task that leaves the queue now is to take the engine's fast form. */
  #isFast({ fast }: EngineTask): boolean {
    if (this.#pace === undefined) return false;
    return fast ?? this.#pace.isBehind(this.#queue.length, this.options.size);
  }

  /** A worker has done its work: it takes the next task, unless it was lost. */
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
      this.#startFailed(error); // no memory for a process, or the package is being replaced
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

  /** A worker that could not load or run the model. Others may live: then the queue is theirs. */
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
