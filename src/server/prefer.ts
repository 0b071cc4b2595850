import type { FastifyReply } from "fastify";
import { z } from "zod";

const LONGEST_WAIT_S = 60;

/** The header `Prefer`. Unknown preferences are ignored, so any text is valid. */
export const preferHeader = z
  .string()
  .optional()
  .meta({
    description: `wait=N holds the response for up to N seconds (${LONGEST_WAIT_S} at most) until a job has ended`,
    example: "wait=30",
  });

/**
 * Reads `Prefer: wait=<seconds>` (RFC 7240) and confirms to the client that the server honors it.
 * @returns milliseconds to wait, 0 without the preference, 60,000 at most
 */
export function preferredWait(preferences: string | undefined, reply: FastifyReply): number {
  const waitMs = parseWait(preferences);
  if (waitMs !== undefined) reply.header("Preference-Applied", "wait");
  return waitMs ?? 0;
}

/** The wait in ms that `Prefer: wait=<seconds>` asks for, 60,000 at most. Undefined without the preference. */
export function parseWait(preferences: string | undefined): number | undefined {
  const seconds = /(?:^|,)\s*wait\s*=\s*"?(\d+)"?\s*(?:[,;]|$)/i.exec(preferences ?? "")?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), LONGEST_WAIT_S) * 1000;
}

/** Aborts when the client disconnects, or when its response has been sent. */
export function connectionEnd(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => controller.abort());
  return controller.signal;
}
