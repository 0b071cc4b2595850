import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { collect, errorResponse, jsonResponse, sendResponse, wireForm, type HttpResponse } from "./http-response";
import type { Fault } from "./script";

/** A request that waits for its response. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** Passes the request on to the real server. Called once. */
  pass(): Promise<HttpResponse>;
  /** Closes all connections and the port for a while. */
  refuse(seconds: number): void;
  /** Aborts when the connection is gone. */
  signal: AbortSignal;
}

type StatusFault = Extract<Fault, { fault: "status" }>;

const HTML = "<!doctype html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>";
const CHUNK = Buffer.alloc(64 * 1024, "a");

/** Performs a fault on a request. */
export async function perform(fault: Fault, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  switch (fault.fault) {
    case "refuse":
      exchange.refuse(fault.seconds);
      return;
    case "reset-before":
      request.socket.resetAndDestroy();
      return;
    case "reset-after":
      await exchange.pass();
      request.socket.resetAndDestroy();
      return;
    case "hang":
      return;
    case "drip":
      await drip(await exchange.pass(), fault.bytesPerSecond, exchange);
      return;
    case "truncate":
      truncate(await exchange.pass(), request.socket);
      return;
    case "delay":
      await sleep(fault.ms, undefined, { signal: exchange.signal });
      sendResponse(response, await exchange.pass());
      return;
    case "oversized":
      await collect(request);
      await sendOversized(response, fault.megabytes, exchange.signal);
      return;
    default:
      await collect(request);
      sendResponse(response, madeUpResponse(fault));
  }
}

/** A response that does not come from the real server. */
function madeUpResponse(
  fault: Extract<Fault, { fault: "status" | "not-json" | "html" | "wrong-schema" }>,
): HttpResponse {
  switch (fault.fault) {
    case "status":
      return statusResponse(fault);
    case "not-json":
      return { ...jsonResponse(200, {}), body: Buffer.from('{"status": "Queued",') };
    case "html":
      return { status: 200, headers: { "content-type": "text/html" }, body: Buffer.from(HTML) };
    case "wrong-schema":
      return jsonResponse(200, { hello: "world" });
  }
}

function statusResponse({ status, body, headers, retryAfter, retryAfterDate }: StatusFault): HttpResponse {
  const base = bodyResponse(status, body);
  const later =
    retryAfterDate === undefined ? retryAfter?.toString() : new Date(Date.now() + retryAfterDate * 1000).toUTCString();
  const retry = later === undefined ? {} : { "retry-after": later };
  return { ...base, headers: { ...base.headers, ...retry, ...headers } };
}

function bodyResponse(status: number, body: StatusFault["body"]): HttpResponse {
  if (body === undefined) return errorResponse(status, `Simulated: status ${status}`);
  if (typeof body !== "string") return jsonResponse(status, body);
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body: Buffer.from(body) };
}

/** Sends head and body byte by byte. */
async function drip(whole: HttpResponse, bytesPerSecond: number, { request, signal }: Exchange): Promise<void> {
  const { head, body } = wireForm(whole);
  for (const byte of Buffer.concat([head, body])) {
    request.socket.write(Buffer.of(byte));
    await sleep(1000 / bytesPerSecond, undefined, { signal });
  }
  request.socket.end();
}

/** Sends the first half of the body, or of the head where there is no body, and ends the connection. */
function truncate(whole: HttpResponse, socket: Socket): void {
  const { head, body } = wireForm(whole);
  const sent = body.length > 0 ? [head, body.subarray(0, body.length / 2)] : [head.subarray(0, head.length / 2)];
  socket.end(Buffer.concat(sent));
}

/** Sends a JSON text of this length, no faster than the client reads it. */
async function sendOversized(response: ServerResponse, megabytes: number, signal: AbortSignal): Promise<void> {
  response.writeHead(200, { "content-type": "application/json" });
  response.write('{"padding":"');
  for (let left = megabytes * 2 ** 20; left > 0 && !signal.aborted; left -= CHUNK.length) {
    if (!response.write(CHUNK)) await once(response, "drain", { signal });
  }
  response.end('"}');
}
