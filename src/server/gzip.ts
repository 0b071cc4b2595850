import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import type { FastifyInstance, RequestPayload } from "fastify";
import { HttpError } from "./http-error";

/**
 * Lets request bodies arrive compressed by gzip. A route's body limit holds for what they inflate to. Other encodings
 * are refused with 415; a damaged body with 400.
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
  // An error of either stream reaches fastify by the inflated one.
  pipeline(payload, inflated, () => undefined);
  return inflated;
}
