import { idSchema, preview, SegmentError, type ErrorCode, type Job } from "../../src/api";
import { jobFailure, jobTimings, type JobTimings, type SegmentClient } from "../../src/client";

/** Seconds that a job is waited for when the node does not say. */
const DEFAULT_TIMEOUT_S = 600;
/** Ends of a wait that are a result of their own (second output), not an error of the flow. */
const ENDINGS: ErrorCode[] = ["timed-out", "cancelled", "job-not-found"];

/** How a wait ended. */
export interface WaitEnd {
  /** The last answer seen of the job. */
  job: Job | undefined;
  /** Of a job that has ended; else empty. */
  timings: JobTimings;
  /** Why there is no result; undefined when the job completed. */
  error: EndError | undefined;
}

/** `msg.error` of the second output. */
interface EndError {
  code: ErrorCode;
  message: string;
  jobId: number;
}

/**
 * Waits until a job has ended or the wait has.
 * @throws {SegmentError} when the service can't be asked
 */
export async function waitForJob(
  client: SegmentClient,
  jobId: number,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<WaitEnd> {
  let seen: Job | undefined;
  try {
    const onLook = (job: Job): void => void (seen = job);
    const job = await client.waiter.wait(jobId, { timeoutMs, signal, onLook });
    return { job, timings: jobTimings(job), error: describe(jobId, jobFailure(job)) };
  } catch (error) {
    if (!(error instanceof SegmentError) || !ENDINGS.includes(error.code)) throw error;
    return { job: seen, timings: {}, error: describe(jobId, error) };
  }
}

function describe(jobId: number, error: SegmentError | undefined): EndError | undefined {
  return error && { code: error.code, message: error.message, jobId };
}

/**
 * Reads a job id.
 * @param place how the user would call where it was found, for errors
 * @throws {SegmentError} `invalid-job`
 */
export function readJobId(place: string, value: unknown): number {
  const parsed = idSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SegmentError(
    "invalid-job",
    value === undefined || value === null
      ? `${place} holds no job id: put segment start before this node, or choose where the id stands`
      : `${place} must be a job id, a positive whole number (got ${preview(value)})`,
  );
}

/**
 * Reads the node's time-out in seconds; 0 is none.
 * @throws {SegmentError} `no-config`
 */
export function readTimeout(value: string | number | undefined): number {
  const seconds = value === undefined || value === "" ? DEFAULT_TIMEOUT_S : Number(value);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new SegmentError("no-config", `The time-out must be a number of seconds, 0 for none (got ${preview(value)})`);
}
