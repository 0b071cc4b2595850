import { idSchema, preview, SegmentError, type ErrorCode, type Job } from "../../src/api";
import { jobFailure } from "../../src/client";
import { Connection, successorOf } from "./connection";
import type { TimeLimit } from "./time-limit";

/** Seconds that a job is waited for when the node does not say. */
const DEFAULT_TIMEOUT_S = 600;
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
  /** Told every answer that the service gives of the job. */
  onLook?: (job: Job) => void;
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
  { limit, signal, onLook, isCounted = true }: Options,
): Promise<WaitEnd> {
  let seen: Job | undefined;
  const see = (job: Job): void => {
    seen = job;
    onLook?.(job);
  };
  let asked = service instanceof Connection ? service : undefined;
  for (;;) {
    try {
      asked ??= await successorOf(service, signal);
      const options = { timeoutMs: limit.left, signal, onLook: see };
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

/** The job id in an answer of the service that a message carries as its payload. */
export function jobIdOfPayload(payload: unknown): unknown {
  return typeof payload === "object" && payload !== null && "jobId" in payload ? payload.jobId : undefined;
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
