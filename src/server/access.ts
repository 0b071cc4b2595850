import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { HttpError } from "./http-error";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The route needs no token: it reveals no secret, or its link is signed. */
    open?: boolean;
  }
}

/** Hosts that only this machine can connect to. */
export const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

export const WRONG_HOST =
  "This server accepts only requests for 127.0.0.1 and its own port. " +
  "To reach it by another name or port, start it with a token.";

/** Accepts only requests with the bearer token, except on open routes. */
export function requireToken(app: FastifyInstance, token: string): void {
  const expected = hash(token);
  app.addHook("onRequest", (request, _reply, done) => {
    done(request.routeOptions.config.open === true ? undefined : refusal(request.headers.authorization, expected));
  });
}

/** Whether a request carries the token; without a token, every request does. */
export function carriesToken(request: FastifyRequest, token: string | undefined): boolean {
  return token === undefined || refusal(request.headers.authorization, hash(token)) === undefined;
}

function refusal(authorization: string | undefined, expected: Buffer): HttpError | undefined {
  const given = /^Bearer +(.+)$/i.exec(authorization ?? "")?.[1];
  // Hashes all have the same length, so the comparison always takes the same time.
  if (given !== undefined && timingSafeEqual(hash(given), expected)) return undefined;
  const message =
    given === undefined
      ? "The token is missing: send the header 'Authorization: Bearer <token>'"
      : "The token is wrong: it is not the one that this server was started with";
  return new HttpError(401, message, { headers: { "www-authenticate": "Bearer" } });
}

/**
 * Accepts only requests whose `Host` is this machine's loopback with the right port, so that a web page whose host name
 * resolves to 127.0.0.1 can't reach the server.
 */
export function requireLoopbackHost(app: FastifyInstance): void {
  app.addHook("onRequest", (request, _reply, done) => {
    done(namesLoopback(request) ? undefined : new HttpError(403, WRONG_HOST));
  });
}

/** Whether a request's `Host` is this machine's loopback with the port that the request arrived at. */
export function namesLoopback(request: Pick<IncomingMessage, "headers" | "socket">): boolean {
  const port = request.socket.localPort ?? 0;
  const suffix = port === 80 ? "" : `:${port}`; // clients omit HTTP's default port
  return ["127.0.0.1", "localhost", "[::1]"].some((name) => request.headers.host === name + suffix);
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
