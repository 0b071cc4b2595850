import type { FastifyReply, FastifyRequest } from "fastify";

const LONGEST_WAIT_S = 60;

/**
 * Reads `Prefer: wait=<seconds>` (RFC 7240) and tells the client that it is honoured.
 * @returns milliseconds to wait, 0 without the header, 60,000 at most
 */
export function preferredWait(request: FastifyRequest, reply: FastifyReply): number {
  const preferences = [request.headers.prefer ?? ""].flat().join(",");
  const seconds = /(?:^|,)\s*wait\s*=\s*"?(\d+)"?\s*(?:[,;]|$)/i.exec(preferences)?.[1];
  if (seconds === undefined) return 0;
  reply.header("Preference-Applied", "wait");
  return Math.min(Number(seconds), LONGEST_WAIT_S) * 1000;
}

/** Aborted when the client has gone, or when its answer has been sent. */
export function connectionEnd(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => controller.abort());
  return controller.signal;
}
