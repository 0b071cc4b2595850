import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { SegmentError } from "../api";
import { HttpError, type ErrorDetails } from "./http-error";
import type { Log } from "./log";

/** Gives every response an `x-request-id`, and every error the contract's form `{"error": {code, message}}`. */
export function installErrorResponses(app: FastifyInstance, log: Log): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id);
    done();
  });
  app.setNotFoundHandler((request) => {
    throw new HttpError(404, `${request.method} ${pathOf(request)} does not exist on this server`);
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => sendError(error, request, reply, log));
}

/** Sends an error response. Also used for requests that fail before they reach a route. */
export function sendError(error: Error, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  const known = toHttpError(error);
  if (known === undefined || known.status === INSUFFICIENT_STORAGE) {
    log(`request ${request.id} (${request.method} ${pathOf(request)}) failed: ${error.stack ?? error.message}`);
  }
  const { status, message, details } = known ?? new HttpError(500, "Internal error. See the server's log for details.");
  return reply
    .code(status)
    .headers({ "x-request-id": request.id, ...details.headers })
    .type("application/json; charset=utf-8")
    .send(errorBody(status, message, details));
}

/** Responds with an error to bytes that are not HTTP, and closes the connection. */
export function refuseBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code !== "ECONNRESET" && socket.writable) {
    const [status, reason, message] =
      error.code === "HPE_HEADER_OVERFLOW"
        ? [431, "Request Header Fields Too Large", "The request's headers are too large"]
        : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
          ? [408, "Request Timeout", "The request did not arrive in time"]
          : [400, "Bad Request", "This is not an HTTP request"];
    const body = JSON.stringify(errorBody(status, message));
    socket.write(
      `HTTP/1.1 ${status} ${reason}\r\nx-request-id: ${randomUUID()}\r\ncontent-type: application/json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}

function errorBody(code: number, message: string, { missing, duplicated }: ErrorDetails = {}): object {
  return { error: { code, message, missing, duplicated } };
}

function toHttpError(error: Error & Partial<Pick<FastifyError, "code" | "statusCode">>): HttpError | undefined {
  if (error instanceof HttpError) return error;
  if (error instanceof SegmentError) return new HttpError(STATUS_OF_CODE[error.code] ?? 500, error.message);
  const diskTrouble = DISK_TROUBLES[error.code ?? ""];
  if (diskTrouble !== undefined)
    return new HttpError(INSUFFICIENT_STORAGE, `The server can't use its files: ${diskTrouble}`);
  const status = error.statusCode ?? 500;
  if (status >= 500) return undefined;
  if (status === 413) return new HttpError(413, "The body of the request is larger than this route takes");
  if (status === 415) return new HttpError(415, "The body of the request must have the content type application/json");
  return new HttpError(status, `Bad request: ${error.message}`);
}

const STATUS_OF_CODE: Partial<Record<SegmentError["code"], number>> = {
  "invalid-image": 400,
  "invalid-prompt": 400,
  "invalid-result": 400,
  overloaded: 429,
  "not-available": 503,
};

const INSUFFICIENT_STORAGE = 507;
const DISK_TROUBLES: Partial<Record<string, string>> = {
  ENOSPC: "the disk is full.",
  EDQUOT: "the disk quota of its user is used up.",
  EROFS: "the disk is read-only.",
  EACCES: "its user has no permission to access them.",
};

/** The path without its query: a signed link's query is a secret. */
function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0] ?? "";
}
