import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { currentToken, SegmentClient } from "../../src/client";
import { EmbeddedServer, type EmbeddedOptions } from "../../src/embedded";
import { removeFolder } from "../../tools/remove-folder";

const closers: (() => unknown)[] = [];

/** A folder that `closeAll` removes. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "segment-embedded-"));
  closers.unshift(() => removeFolder(folder));
  return folder;
}

/** A share of an embedded server with its log; `closeAll` releases it and waits for the end of its processes. */
export function acquire(dataDir: string, options: Partial<EmbeddedOptions> = {}) {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const base = { engine: "auto", keepHours: 24, keepMegabytes: 100, lingerMs: 0 };
  const server = EmbeddedServer.acquire({ ...base, dataDir, log, ...options });
  const pids = (): number[] => lines.flatMap((line) => /\(process (\d+)\)/.exec(line)?.slice(1).map(Number) ?? []);
  closers.unshift(async () => {
    server.release();
    await Promise.all(pids().map(gone));
  });
  return { server, lines, pids };
}

/** A client of the share; `closeAll` closes it. */
export function clientOf(server: EmbeddedServer): SegmentClient {
  const client = new SegmentClient({
    baseUrl: async (signal) => (await server.endpoint(signal)).url,
    tokens: currentToken(async (signal) => (await server.endpoint(signal)).token),
    project: "default",
    apiVersion: "beta",
    timeoutMs: 30_000,
    retries: 5,
    concurrency: 8,
  });
  closers.unshift(() => client.close());
  return client;
}

export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0)) await close();
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when the process has ended. */
export async function gone(pid: number): Promise<void> {
  await until(() => !isAlive(pid));
}

/** Resolves when the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}
