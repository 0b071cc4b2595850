import { STATUS_CODES, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerResponse } from "node:http";
import type { Readable } from "node:stream";

/** A whole HTTP response. */
export interface HttpResponse {
  status: number;
  headers: OutgoingHttpHeaders;
  body: Buffer;
}

/** A response with a JSON body. */
export function jsonResponse(status: number, value: unknown, headers: OutgoingHttpHeaders = {}): HttpResponse {
  const body = Buffer.from(JSON.stringify(value));
  return { status, headers: { "content-type": "application/json; charset=utf-8", ...headers }, body };
}

/** An error in the contract's form. */
export function errorResponse(status: number, message: string, headers: OutgoingHttpHeaders = {}): HttpResponse {
  return jsonResponse(status, { error: { code: status, message } }, headers);
}

/** Sends a whole response. */
export function sendResponse(response: ServerResponse, { status, headers, body }: HttpResponse): void {
  response.writeHead(status, { ...headers, "content-length": body.length });
  response.end(body);
}

/** Head and body as they go over the wire, on a connection that ends with them. */
export function wireForm({ status, headers, body }: HttpResponse): { head: Buffer; body: Buffer } {
  const lines = Object.entries({ ...headers, "content-length": body.length, connection: "close" }).flatMap(
    ([name, value]) => [value].flat().map((one) => `${name}: ${one}`),
  );
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`, ...lines, "", ""].join("\r\n");
  return { head: Buffer.from(head, "latin1"), body };
}

/** Headers of one connection, and the length, which is computed again. */
const OWN_TO_CONNECTION = ["connection", "keep-alive", "transfer-encoding", "content-length"];

/** The headers that may be passed on. */
export function passableHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return without(headers, OWN_TO_CONNECTION);
}

export function without(headers: OutgoingHttpHeaders, names: string[]): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

/** All bytes of a stream. */
export async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer); // no encoding is set, so it gives Buffers
  return Buffer.concat(chunks);
}
