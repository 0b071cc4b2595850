import type { NodeAPI, NodeMessage, NodeMessageInFlow } from "node-red";
import { lazy } from "../../src/async/lazy";
import type { Input } from "../common/inputs";
import type { Task } from "../common/on-message";
import type { ServiceRef } from "../service/connection";
import type { JobRef, Waits } from "./waits";

const passing = lazy(() => import("./pass-wait.lazy.js"));
const jobRefs = lazy(() => import("./job-ref.lazy.js"));

/** What a node gives to its handler. */
interface Options {
  waits: Waits;
  /** The job id of a message. */
  job: Input;
  /** The time-out as it stands in the flow. */
  timeout: string | number | undefined;
  /** Whether changes of a job's state leave by the third output. */
  withStates: boolean;
  /** Whether the file of a job is deleted when its result has left. */
  deleteFile: boolean;
  /** The service of a message's job. @throws {SegmentError} */
  serviceOf: (msg: NodeMessage) => ServiceRef;
  clone: NodeAPI["util"]["cloneMessage"];
  warn: (text: string) => void;
}

/** Handles the messages of one node: lets each wait for its job, or cancels waits by `msg.reset`. */
export class WaitHandler {
  constructor(private readonly options: Options) {}

  /** @throws {SegmentError} when the message names no job, or the service can't be asked */
  async handle(msg: NodeMessageInFlow, task: Task): Promise<void> {
    const { waits, job, deleteFile, withStates, clone, warn } = this.options;
    const resumed = waits.resumed(msg);
    if (resumed === undefined) await waits.ready;
    if (resumed === undefined && msg.reset === true) {
      const { active } = waits; // not the messages that come while this one is read
      const { readCancelledJob } = await jobRefs();
      waits.cancel(active, await readCancelledJob(job, msg));
      return;
    }
    const wait = resumed ?? waits.enter(msg);
    let isFileFree = false;
    try {
      const ref = wait.job ?? waits.begin(wait, msg, await this.#readJobRef(msg));
      const { passWait } = await passing();
      const hasResult = await passWait(wait, ref, msg, task, withStates ? clone : undefined);
      isFileFree = hasResult && deleteFile;
    } finally {
      waits.leave(wait, isFileFree, (error) => warn(error.message));
    }
  }

  async #readJobRef(msg: NodeMessageInFlow): Promise<JobRef> {
    const { readJob, readTimeout } = await jobRefs();
    const { job, timeout, serviceOf } = this.options;
    const jobId = await readJob(job, msg);
    return { jobId, service: serviceOf(msg), timeoutMs: readTimeout(timeout) * 1000 };
  }
}
