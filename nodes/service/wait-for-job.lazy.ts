import { SegmentError, type ErrorCode, type Job } from "../../src/api";
import { jobFailure } from "../../src/client";
import { Connection } from "./connection";
import { successorOf } from "./service-of-job";
import type { TimeLimit } from "./time-limit";

/** Ends of a wait that are a result of their own (second output), not an error of the flow. */
const ENDINGS: ErrorCode[] = ["timed-out", "cancelled", "job-not-found"];

/** How a wait ended. */
export interface WaitEnd {
  /** The last answer seen of the job. */
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
  /** Whether it counts for the config node's limit, as the wait of a message does (the default). */
  isCounted?: boolean;
}

/**
 * Waits until a job has ended or the wait has. When the config node is deployed anew meanwhile, the wait goes on with
 * the new one.
 * @param service where to ask: a connection, or only its identity when the connection is that of an earlier life
 * @throws {SegmentError} when the service can't be asked
 */
export async function waitForJob(
  service: Pick<Connection, "service">,
  jobId: number,
  { limit, signal, onPoll, isCounted = true }: Options,
): Promise<WaitEnd> {
  let seen: Job | undefined;
  const see = (job: Job): void => {
    seen = job;
    onPoll?.(job);
  };
  let asked = service instanceof Connection ? service : undefined;
  for (;;) {
    try {
      asked ??= await successorOf(service, signal);
      const options = { timeoutMs: limit.left, signal, onPoll: see };
      const job = await (isCounted ? asked.wait(jobId, options) : asked.watch(jobId, options));
      return { job, error: describe(jobId, jobFailure(job)) };
    } catch (error) {
      if (!(error instanceof SegmentError) || !ENDINGS.includes(error.code)) throw error;
      if (error.code !== "cancelled" || signal.aborted) {
        return { job: seen, error: describe(jobId, error) };
      }
      asked = undefined; // nobody cancelled this wait: its client was closed under it
    }
  }
}

function describe(jobId: number, error: SegmentError | undefined): EndError | undefined {
  return error && { code: error.code, message: error.message, jobId };
}
