import type { NodeMessage } from "node-red";
import { idSchema, preview, SegmentError } from "../../src/api";
import type { Input } from "../common/inputs";

/** The time-out of a node without one, in seconds. */
const DEFAULT_TIMEOUT_S = 600;

/**
 * The id of the job that a message waits for: from the input, else from the response of the service that it carries as
 * its payload.
 * @throws {SegmentError} `invalid-job`
 */
export async function readJob(input: Input, msg: NodeMessage): Promise<number> {
  const given = await input.read(msg);
  return readJobId(input.name, given ?? (input.isDefault ? jobIdOfPayload(msg.payload) : undefined));
}

/**
 * The id of the job whose waits `msg.reset` cancels; undefined for all waits.
 * @throws {SegmentError} `invalid-job`
 */
export async function readCancelledJob(input: Input, msg: NodeMessage): Promise<number | undefined> {
  const given = await input.read(msg);
  return given === undefined || given === null ? undefined : readJobId(input.name, given);
}

/**
 * Reads the node's time-out in seconds; 0 is no limit.
 * @throws {SegmentError} `no-config`
 */
export function readTimeout(value: string | number | undefined): number {
  const seconds = value === undefined || value === "" ? DEFAULT_TIMEOUT_S : Number(value);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new SegmentError("no-config", `The time-out must be a number of seconds, 0 for none (got ${preview(value)})`);
}

function readJobId(name: string, value: unknown): number {
  const parsed = idSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SegmentError(
    "invalid-job",
    value === undefined || value === null
      ? `${name} holds no job id: put segment start before this node, or choose where the message carries the id`
      : `${name} must be a job id, a positive whole number (got ${preview(value)})`,
  );
}

function jobIdOfPayload(payload: unknown): unknown {
  return typeof payload === "object" && payload !== null && "jobId" in payload ? payload.jobId : undefined;
}
