import type { NodeAPI, NodeMessageInFlow } from "node-red";
import { isFinal, type Job } from "../../src/api";
import { jobTimings } from "../../src/client";
import { watchStates } from "./job-states.lazy";
import type { Task } from "../common/on-message";
import { waitForJob, type WaitEnd } from "../service/wait-for-job.lazy";
import type { JobRef, Wait } from "./waits";
import { segmentOf } from "../common/segment-of";

/**
 * Lets a message wait for its job, and sends it on: by the first output with a result, by the second without, and
 * meanwhile copies by the third at each change of state if they are wanted.
 * @returns whether its result has left, so that nobody needs the file any more
 * @throws {SegmentError} when the service can't be asked
 */
export async function passWait(
  RED: NodeAPI,
  wait: Wait,
  { service, jobId }: JobRef,
  withStates: boolean,
  msg: NodeMessageInFlow,
  task: Task,
): Promise<boolean> {
  const segment = {
    ...segmentOf(msg),
    service: service.service,
    jobId,
    ...(wait.isResumed ? { resumed: true } : {}),
  };
  msg.segment = segment; // a Catch node sees it, too
  const over = withStates ? new AbortController() : undefined;
  const sendState = (job: Job): void =>
    task.send([null, null, RED.util.cloneMessage({ ...msg, ...answered(segment, job) })]);
  try {
    const end = await waitForJob(service, jobId, {
      limit: wait.limit,
      signal: wait.cancelled.signal,
      ...(over ? { onPoll: watchStates(service.service, jobId, over.signal, sendState) } : {}),
    });
    await wait.place.turn;
    if (task.signal.aborted) return false;
    return sendOn(end, segment, msg, task);
  } finally {
    over?.abort();
  }
}

/** Sends a message on. Returns whether with its result. */
function sendOn({ job, error }: WaitEnd, segment: object, msg: NodeMessageInFlow, task: Task): boolean {
  if (isErrorOfWait(msg.error)) delete msg.error;
  Object.assign(
    msg,
    job === undefined ? { segment: { ...segment, timings: {} } } : answered(segment, job),
    error === undefined ? {} : { error },
  );
  task.send(error === undefined ? [msg, null] : [null, msg]);
  return job !== undefined && isFinal(job.status);
}

/** What a message holds besides when its job's answer is known. */
function answered(segment: object, job: Job): object {
  return { payload: job, segment: { ...segment, timings: jobTimings(job) } };
}

/** Whether an earlier wait of this message left by the second output: its error does not hold any more. */
function isErrorOfWait(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && "jobId" in error;
}
