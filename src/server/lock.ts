import { createHash } from "node:crypto";
import { realpath, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SegmentError } from "../api";

const RETRY_EVERY_MS = 200;

/** A lock that is held. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a data directory, so that only one process uses it. The lock is a listening local socket: the system
 * frees it however its process ends. On Linux the socket has an abstract name and no file, so the lock works between all
 * processes of one network namespace. It does not detect a container that shares only the folder.
 * @param patienceMs how long to wait for another process to release it
 * @throws {SegmentError} `not-available` when another process still holds it
 */
export async function takeLock(dataDir: string, patienceMs: number): Promise<Lock> {
  const name = lockName(await realpath(dataDir));
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const server = await tryListen(name);
    if (server !== undefined) return { release: () => closeServer(server) };
    if (performance.now() >= deadline) {
      throw new SegmentError(
        "not-available",
        `Another segment server is using the data directory ${dataDir}. Stop it, or give this one another directory.`,
      );
    }
    await sleep(RETRY_EVERY_MS);
  }
}

function lockName(path: string): string {
  const name = `node-red-segment-${createHash("sha256").update(path).digest("hex").slice(0, 16)}`;
  if (process.platform === "linux") return `\0${name}`;
  if (process.platform === "win32") return `\\\\.\\pipe\\${name}`;
  return join(tmpdir(), `${name}.sock`);
}

async function tryListen(name: string): Promise<Server | undefined> {
  const server = await listen(name);
  if (server !== undefined || process.platform === "linux" || process.platform === "win32") return server;
  // Elsewhere the socket is a file, which a killed process leaves behind.
  if (await isListening(name)) return undefined;
  await rm(name, { force: true });
  return listen(name);
}

function listen(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(undefined);
      else reject(error);
    });
    server.listen(name, () => {
      server.unref();
      resolve(server);
    });
  });
}

function isListening(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(name);
    connection.once("connect", () => {
      connection.destroy();
      resolve(true);
    });
    connection.once("error", () => resolve(false));
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
