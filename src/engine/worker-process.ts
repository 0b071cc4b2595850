import { fork, type ChildProcess } from "node:child_process";
import { SegmentError, type Segment } from "../api";
import type { WorkerAnswer, WorkerNote, WorkerRequest, WorkerSetup } from "./messages";
import type { EngineTask } from "./types";

/**
 * Garbage is collected by the thread that works: helper threads take more CPU in all than they save in time, and the
 * machine's other cores are for the model and for Node-RED.
 */
const WORKER_FLAGS = ["--single-threaded-gc"];
/** The built file: a worker does not go through the TypeScript loader of a test or a benchmark. */
const WORKER_FILE = "@visionjobs/node-red-segment/engine-worker";

/** What a worker has loaded: the weights' version, and what computes. */
export type LoadedModel = Pick<Extract<WorkerAnswer, { type: "loaded" }>, "version" | "backend">;

type Success = Exclude<WorkerAnswer, { type: "failed" }>;

/** The request that the worker is at. */
interface Pending {
  resolve: (answer: Success) => void;
  reject: (error: SegmentError) => void;
  timer: NodeJS.Timeout;
}

/**
 * One worker: a process of its own, which does one thing at a time; the caller waits for an answer before it asks again.
 * It is no thread, because ONNX Runtime's addon corrupts the memory of a process in which a second thread loads it or a
 * thread that had loaded it ends, and because a run in a thread can't be interrupted. A process can be killed at any
 * moment, and takes nothing with it when it crashes.
 */
export class WorkerProcess {
  /** When the process is gone. Never rejects. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #timeoutMs: number;
  #pending: Pending | undefined;
  #kept = new Set<string>();
  #lost: SegmentError | undefined;

  /**
   * @param timeoutMs how long one request may take
   * @param log gets what the worker tells beside its answers
   */
  constructor(timeoutMs: number, log: (message: string) => void) {
    this.#timeoutMs = timeoutMs;
    this.#child = fork(require.resolve(WORKER_FILE), [], {
      execArgv: WORKER_FLAGS,
      env: { ...process.env, NODE_OPTIONS: undefined },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child.on("message", (message: WorkerAnswer | WorkerNote) => {
      if (message.type === "log") log(message.message);
      else this.#receive(message);
    });
    this.ended = new Promise((resolve) => {
      this.#child.on("error", (error) => {
        this.#lose(`The worker could not be started or reached: ${error.message}`);
        if (this.#child.pid === undefined) resolve();
      });
      this.#child.on("exit", (code, signal) => {
        this.#lose(endReason(code, signal));
        resolve();
      });
    });
  }

  /** Whether the worker has ended or was told to: it can't be asked any more. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Whether a prompt on this picture needs no run of the encoder here. */
  keeps(sha256: string): boolean {
    return this.#kept.has(sha256);
  }

  /**
   * Loads the model.
   * @returns undefined if the worker answers something else
   * @throws {SegmentError} `job-failed` with the reason
   */
  async load(setup: WorkerSetup): Promise<LoadedModel | undefined> {
    const answer = await this.#ask({ type: "load", setup }, "Loading the model");
    return answer.type === "loaded" ? answer : undefined;
  }

  async warmUp(): Promise<void> {
    await this.#ask({ type: "warm-up" }, "Warming up the model");
  }

  /** @throws {SegmentError} as Engine.segment says */
  async segment(task: EngineTask): Promise<Segment[]> {
    const answer = await this.#ask({ type: "segment", task }, "The job");
    return answer.type === "done" ? answer.segments : [];
  }

  /** Kills the process; the request that it is at is rejected with the error. */
  stop(error: SegmentError): void {
    this.#lost ??= error;
    this.#settle()?.reject(error);
    this.#child.kill("SIGKILL");
  }

  #ask(request: WorkerRequest, what: string): Promise<Success> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.stop(new SegmentError("job-failed", `${what} took longer than ${this.#timeoutMs / 1000} s.`));
      }, this.#timeoutMs);
      this.#pending = { resolve, reject, timer };
      this.#child.send(request);
    });
  }

  #receive(answer: WorkerAnswer): void {
    const pending = this.#settle();
    if (answer.type === "failed") {
      pending?.reject(new SegmentError(answer.code, answer.message));
      return;
    }
    if (answer.type === "done") this.#kept = new Set(answer.kept);
    pending?.resolve(answer);
  }

  #lose(reason: string): void {
    this.#lost ??= new SegmentError("job-failed", reason);
    this.#settle()?.reject(this.#lost);
  }

  #settle(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    clearTimeout(pending?.timer);
    return pending;
  }
}

/**
 * How a process ends that runs out of memory: the system kills it, or it aborts by itself when it is given none, which
 * has the exit code 134 on Windows; our worker gives that code, too.
 */
const OUT_OF_MEMORY = new Set<NodeJS.Signals | number | null>(["SIGKILL", "SIGABRT", "SIGTRAP", 134]);

function endReason(code: number | null, signal: NodeJS.Signals | null): string {
  const how = signal ?? `code ${String(code)}`;
  const hint = OUT_OF_MEMORY.has(signal ?? code)
    ? " Most likely the machine has run out of memory: free some, or let the server have fewer workers."
    : "";
  return `The worker ended unexpectedly (${how}).${hint}`;
}
