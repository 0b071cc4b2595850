import { idSchema, preview, SegmentError, type ErrorCode, type Job } from "../../src/api";
import { jobFailure, jobTimings, type JobTimings } from "../../src/client";
import { successorOf, type Connection } from "./connection";

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
 * Waits until a job has ended or the wait has. When the config node is deployed anew meanwhile, the wait goes on with
 * the new one.
 * @param options `timeoutMs`: milliseconds for all of it, 0 for no limit; `signal`: ends the wait as `cancelled`
 * @throws {SegmentError} when the service can't be asked
 */
export async function waitForJob(
  connection: Connection,
  jobId: number,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<WaitEnd> {
  const startedAt = performance.now();
  // Of a wait that has run out 1 ms is left, as 0 is no limit.
  const left = (): number => (timeoutMs > 0 ? Math.max(1, Math.ceil(startedAt + timeoutMs - performance.now())) : 0);
  let seen: Job | undefined;
  const onLook = (job: Job): void => void (seen = job);
  let asked: Connection | undefined = connection;
  for (;;) {
    try {
      asked ??= await successorOf(connection, signal);
      const job = await asked.wait(jobId, { timeoutMs: left(), signal, onLook });
      return { job, timings: jobTimings(job), error: describe(jobId, jobFailure(job)) };
    } catch (error) {
      if (!(error instanceof SegmentError) || !ENDINGS.includes(error.code)) throw error;
      if (error.code !== "cancelled" || signal.aborted) {
        return { job: seen, timings: {}, error: describe(jobId, error) };
      }
      asked = undefined; // nobody cancelled this wait: its client was closed under it
    }
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
