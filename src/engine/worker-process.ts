import { SegmentError, type Segment } from "../api";
import { endText, IpcChild, type ChildEnd } from "../process/ipc-child";
import type { WorkerLog, WorkerRequest, WorkerResponse, WorkerSetup } from "./protocol";
import type { EngineTask } from "./types";

/**
 * The working thread collects its own garbage: helper threads take more CPU in total than they save in time, and the
 * machine's other cores are for the model and for Node-RED.
 */
const WORKER_FLAGS = ["--single-threaded-gc"];
/** The built file, so that a worker does not run under the TypeScript loader of a test or a benchmark. */
const WORKER_FILE = "@visionjobs/node-red-segment/engine-worker";

/** The version of the weights or the method, and what the model computes with. */
export type LoadedModel = Pick<Extract<WorkerResponse, { type: "loaded" }>, "version" | "backend">;

type Success = Exclude<WorkerResponse, { type: "failed" }>;

/** The request that the worker handles. */
interface Pending {
  resolve: (response: Success) => void;
  reject: (error: SegmentError) => void;
  timer: NodeJS.Timeout;
}

/**
 * The pool's side of one worker process. It handles one request at a time: the caller awaits each response before it sends
 * the next request. A request ends by its response, or by a loss of the worker: the process exits, a request takes too
 * long, or `stop` is called. A lost worker is killed and rejects every further request.
 *
 * It is not a thread, because ONNX Runtime's addon corrupts the memory of a process in which a second thread loads it or
 * a thread that had loaded it ends, and because a run in a thread can't be interrupted. A process can be killed at any
 * moment, and a crash harms no other process.
 */
export class WorkerProcess {
  /** Resolves when the process is gone. Never rejects. */
  readonly ended: Promise<void>;
  readonly #child: IpcChild;
  readonly #timeoutMs: number;
  #pending: Pending | undefined;
  #kept = new Set<string>();
  #lost: SegmentError | undefined;

  /**
   * @param timeoutMs how long one request may take
   * @param log called with the worker's log lines
   */
  constructor(timeoutMs: number, log: (message: string) => void) {
    this.#timeoutMs = timeoutMs;
    let onEnd: () => void;
    this.ended = new Promise((resolve) => (onEnd = resolve));
    this.#child = new IpcChild(
      { module: WORKER_FILE, execArgv: WORKER_FLAGS, stdout: "ignore", stderr: "inherit" },
      {
        message: (message) => {
          const received = message as WorkerResponse | WorkerLog; // of a file of this package, so of the same version
          if (received.type === "log") log(received.message);
          else this.#receive(received);
        },
        ended: (end) => {
          this.#lose(endReason(end));
          onEnd();
        },
      },
    );
  }

  /** Whether the worker has ended or was stopped; it takes no further requests. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Whether the worker keeps this picture prepared, so that a further prompt on it costs little. */
  keeps(sha256: string): boolean {
    return this.#kept.has(sha256);
  }

  /**
   * Loads the model.
   * @returns undefined if the response is of another type
   * @throws {SegmentError} `job-failed` with the reason
   */
  async load(setup: WorkerSetup): Promise<LoadedModel | undefined> {
    const response = await this.#request({ type: "load", setup }, "Loading the model");
    return response.type === "loaded" ? response : undefined;
  }

  async warmUp(): Promise<void> {
    await this.#request({ type: "warm-up" }, "Warming up the model");
  }

  /** @throws {SegmentError} as `Engine.segment` does */
  async segment(task: EngineTask): Promise<Segment[]> {
    const response = await this.#request({ type: "segment", task }, "The job");
    return response.type === "done" ? response.segments : [];
  }

  /** Kills the process and rejects the pending request with the error. */
  stop(error: SegmentError): void {
    this.#lost ??= error;
    this.#settle()?.reject(error);
    this.#child.kill();
  }

  #request(request: WorkerRequest, what: string): Promise<Success> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.stop(new SegmentError("job-failed", `${what} took longer than ${this.#timeoutMs / 1000} s.`));
      }, this.#timeoutMs);
      this.#pending = { resolve, reject, timer };
      this.#child.send(request, (error) => this.#lose(unreachable(error)));
    });
  }

  #receive(response: WorkerResponse): void {
    const pending = this.#settle();
    if (response.type === "failed") {
      pending?.reject(new SegmentError(response.code, response.message));
      return;
    }
    if (response.type === "done") this.#kept = new Set(response.kept);
    pending?.resolve(response);
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
 * How a process ends that runs out of memory: the system kills it, or it aborts when an allocation fails. On Windows an
 * abort has the exit code 134; our worker uses that code, too.
 */
const OUT_OF_MEMORY = new Set<NodeJS.Signals | number | null>(["SIGKILL", "SIGABRT", "SIGTRAP", 134]);

function endReason(end: ChildEnd): string {
  if (end.error !== undefined) return unreachable(end.error);
  const hint = OUT_OF_MEMORY.has(end.signal ?? end.code)
    ? " Most likely the machine has run out of memory: free some, or let the server have fewer workers."
    : "";
  return `The worker ended unexpectedly (${endText(end)}).${hint}`;
}

function unreachable(error: Error): string {
  return `The worker could not be started or reached: ${error.message}`;
}
