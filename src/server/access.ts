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

/** Hosts that let in only this machine. */
export const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

export const WRONG_HOST =
  "This server answers only to requests for 127.0.0.1 and its own port. " +
  "To reach it by another name or port, start it with a token.";

/** Lets requests pass only with the bearer token, except on open routes. */
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
  // Hashes have one length, so the comparison takes the same time whatever was given.
  if (given !== undefined && timingSafeEqual(hash(given), expected)) return undefined;
  const message =
    given === undefined
      ? "The token is missing: send the header 'Authorization: Bearer <token>'"
      : "The token is not the one that this server was started with";
  return new HttpError(401, message, { headers: { "www-authenticate": "Bearer" } });
}

/**
 * Lets requests pass only when they name this machine's loopback and the port they came in by, so that a web page
 * whose host name was pointed at 127.0.0.1 can't reach the server.
 */
export function requireLoopbackHost(app: FastifyInstance): void {
  app.addHook("onRequest", (request, _reply, done) => {
    done(namesLoopback(request) ? undefined : new HttpError(403, WRONG_HOST));
  });
}

/** Whether a request's `Host` is this machine's loopback with the port that it came in by. */
export function namesLoopback(request: Pick<IncomingMessage, "headers" | "socket">): boolean {
  const port = request.socket.localPort ?? 0;
  const suffix = port === 80 ? "" : `:${port}`; // clients leave HTTP's own port out
  return ["127.0.0.1", "localhost", "[::1]"].some((name) => request.headers.host === name + suffix);
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
