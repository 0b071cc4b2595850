import type { NodeAPI, NodeMessageInFlow } from "node-red";
import { isFinal, type Job } from "../../src/api";
import { jobTimings } from "../../src/client";
import type { Task } from "../common/on-message";
import { segmentOf } from "../common/segment-of";
import { waitForJob, type WaitEnd } from "../service/wait-for-job.lazy";
import { watchStates } from "./job-states.lazy";
import type { JobRef, Wait } from "./waits";

/**
 * Lets a message wait for its job, and sends it on: by the first output with a result, by the second without one.
 * @param clone sends a copy by the third output at each change of the job's state; undefined when none is wanted
 * @returns whether its result has left, so that the message no longer needs the file
 * @throws {SegmentError} when the service can't be asked
 */
export async function passWait(
  wait: Wait,
  { service, jobId }: JobRef,
  msg: NodeMessageInFlow,
  task: Task,
  clone: NodeAPI["util"]["cloneMessage"] | undefined,
): Promise<boolean> {
  const segment = {
    ...segmentOf(msg),
    service: service.service,
    jobId,
    ...(wait.isResumed ? { resumed: true } : {}),
  };
  msg.segment = segment; // a Catch node sees it, too
  const over = clone && new AbortController();
  const onPoll =
    over &&
    watchStates(service.service, jobId, over.signal, (job) =>
      task.send([null, null, clone({ ...msg, ...jobFields(segment, job) })]),
    );
  try {
    const end = await waitForJob(service, jobId, {
      limit: wait.limit,
      signal: wait.cancelled.signal,
      ...(onPoll && { onPoll }),
    });
    await wait.slot.turn;
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
    job === undefined ? { segment: { ...segment, timings: {} } } : jobFields(segment, job),
    error === undefined ? {} : { error },
  );
  task.send(error === undefined ? [msg, null] : [null, msg]);
  return job !== undefined && isFinal(job.status);
}

/** The properties of a message that hold its job. */
function jobFields(segment: object, job: Job): object {
  return { payload: job, segment: { ...segment, timings: jobTimings(job) } };
}

/** Whether it is the error of an earlier wait of this message, which no longer holds. */
function isErrorOfWait(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && "jobId" in error;
}
