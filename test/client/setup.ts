import assert from "node:assert/strict";
import type { ServerOptions } from "node:https";
import { SegmentError, type ErrorCode, type SegmentRequest } from "../../src/api";
import { noToken, SegmentClient, type ClientOptions } from "../../src/client";
import { ScriptedService } from "../support/scripted-service";

export const REQUEST: SegmentRequest = { items: [{ fileId: 17 }], points: [{ x: 0.5, y: 0.5 }] };
export const FAST = { backoffMs: 2, firstPollMs: 5, minPollMs: 10, patienceMs: 5000 };

const opened: { close(): unknown }[] = [];

/** Starts a service that `closeAll` ends; with TLS options one that speaks https. */
export async function startService(tls?: ServerOptions): Promise<ScriptedService> {
  return closeLater(await ScriptedService.start(tls));
}

/** Lets `closeAll` end something. */
export function closeLater<T extends { close(): unknown }>(resource: T): T {
  opened.push(resource);
  return resource;
}

/** A service that can look at many jobs by one long request. */
export async function extendedService(): Promise<ScriptedService> {
  const service = await startService();
  service.extensions = "byids";
  return service;
}

/** A client with short pauses that `closeAll` ends. */
export function clientOf(service: { url: string }, options: Partial<ClientOptions> = {}): SegmentClient {
  const client = new SegmentClient({
    baseUrl: () => Promise.resolve(service.url),
    project: "plant",
    apiVersion: "beta",
    tokens: noToken(),
    timeoutMs: 5000,
    retries: 3,
    concurrency: 8,
    ...options,
    delays: { ...FAST, ...options.delays },
  });
  opened.unshift(client);
  return client;
}

export async function closeAll(): Promise<void> {
  for (const resource of opened.splice(0)) await resource.close();
}

/** Asserts that the promise rejects with a SegmentError of this code, and returns it. */
export async function rejection(promise: Promise<unknown>, code: ErrorCode): Promise<SegmentError> {
  const error: unknown = await promise.then(
    () => assert.fail(`resolved instead of ${code}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SegmentError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}
