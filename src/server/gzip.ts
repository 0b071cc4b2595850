import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import type { FastifyInstance, RequestPayload } from "fastify";
import { HttpError } from "./http-error";

/**
 * Accepts request bodies that are compressed with gzip. A route's body limit applies to the inflated body. Other
 * encodings get a 415 response, a damaged body a 400.
 */
export function acceptGzip(app: FastifyInstance): void {
  app.addHook("preParsing", (request, _reply, payload, done) => {
    const encoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "";
    if (encoding === "" || encoding === "identity") done(null, payload);
    else if (encoding === "gzip") done(null, inflate(payload));
    else done(new HttpError(415, `The content encoding ${encoding} is not supported: send gzip, or none`));
  });
}

function inflate(payload: RequestPayload): RequestPayload {
  // fastify compares this count with the request's content-length.
  const inflated = Object.assign(createGunzip(), { receivedEncodedLength: 0 });
  payload.on("data", (chunk: Buffer) => (inflated.receivedEncodedLength += chunk.length));
  // The inflated stream passes the errors of both streams to fastify.
  pipeline(payload, inflated, () => undefined);
  return inflated;
}
