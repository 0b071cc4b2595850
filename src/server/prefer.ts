import type { FastifyReply } from "fastify";
import { z } from "zod";

const LONGEST_WAIT_S = 60;

/** The header `Prefer`. A preference that is not understood is ignored, so any text fits. */
export const preferHeader = z
  .string()
  .optional()
  .meta({
    description: `wait=N holds the response for up to N seconds (${LONGEST_WAIT_S} at most) until a job has ended`,
    example: "wait=30",
  });

/**
 * Reads `Prefer: wait=<seconds>` (RFC 7240) and confirms to the client that it is honored.
 * @returns milliseconds to wait, 0 without the preference, 60,000 at most
 */
export function preferredWait(preferences: string | undefined, reply: FastifyReply): number {
  const seconds = /(?:^|,)\s*wait\s*=\s*"?(\d+)"?\s*(?:[,;]|$)/i.exec(preferences ?? "")?.[1];
  if (seconds === undefined) return 0;
  reply.header("Preference-Applied", "wait");
  return Math.min(Number(seconds), LONGEST_WAIT_S) * 1000;
}

/** Aborts when the client disconnects, or when its response has been sent. */
export function connectionEnd(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => controller.abort());
  return controller.signal;
}
