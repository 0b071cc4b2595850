import { SegmentError, type ErrorCode, type Job } from "../../src/api";
import { jobFailure } from "../../src/client";
import type { ServiceRef } from "./connection";
import { successorOf } from "./service-of-job";
import type { TimeLimit } from "./time-limit";

/** Ends of a wait that leave by the second output; any other error is one of the flow. */
const ENDINGS: ErrorCode[] = ["timed-out", "cancelled", "job-not-found"];

/** How a wait ended. */
export interface WaitEnd {
  /** The last state of the job that the service reported. */
  job: Job | undefined;
  /** Why there is no result; undefined when the job completed. */
  error: EndError | undefined;
}

/** `msg.error` of the second output. */
interface EndError {
  code: ErrorCode;
  message: string;
  jobId: number;
}

interface Options {
  limit: TimeLimit;
  /** Ends the wait as `cancelled`. */
  signal: AbortSignal;
  /** Receives every state of the job that the service reports. */
  onPoll?: (job: Job) => void;
  /** Whether the wait counts for the config node's limit, as that of a message does (the default). */
  isCounted?: boolean;
}

/**
 * Waits until the job or the wait has ended. When the config node is redeployed meanwhile, the wait goes on with the new
 * one.
 * @throws {SegmentError} when the service can't be asked
 */
export async function waitForJob(
  { service, connection }: ServiceRef,
  jobId: number,
  { limit, signal, onPoll, isCounted = true }: Options,
): Promise<WaitEnd> {
  let seen: Job | undefined;
  const see = (job: Job): void => {
    seen = job;
    onPoll?.(job);
  };
  let current = connection;
  for (;;) {
    try {
      current ??= await successorOf(service, signal);
      const options = { timeoutMs: limit.left, signal, onPoll: see };
      const job = await (isCounted ? current.wait(jobId, options) : current.watch(jobId, options));
      return { job, error: describe(jobId, jobFailure(job)) };
    } catch (error) {
      if (!(error instanceof SegmentError) || !ENDINGS.includes(error.code)) throw error;
      if (error.code !== "cancelled" || signal.aborted) {
        return { job: seen, error: describe(jobId, error) };
      }
      current = undefined; // the wait itself was not cancelled: its client was closed
    }
  }
}

function describe(jobId: number, error: SegmentError | undefined): EndError | undefined {
  return error && { code: error.code, message: error.message, jobId };
}
