import { idSchema, preview, SegmentError } from "../../src/api";

/** Seconds that a job is waited for when the node does not say. */
const DEFAULT_TIMEOUT_S = 600;

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
