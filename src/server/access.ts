import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { HttpError } from "./http-error";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The route needs no token: it tells no secret, or its link is signed. */
    open?: boolean;
  }
}

/** Lets requests pass only with the bearer token, except on open routes. */
export function requireToken(app: FastifyInstance, token: string): void {
  const expected = hash(token);
  app.addHook("onRequest", (request, _reply, done) => {
    done(request.routeOptions.config.open === true ? undefined : refusal(request.headers.authorization, expected));
  });
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
    done(namesLoopback(request) ? undefined : new HttpError(403, "This server answers only to requests for 127.0.0.1"));
  });
}

function namesLoopback(request: FastifyRequest): boolean {
  const port = request.socket.localPort ?? 0;
  return [`127.0.0.1:${port}`, `localhost:${port}`].includes(request.headers.host ?? "");
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
