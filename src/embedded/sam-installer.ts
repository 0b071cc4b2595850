import { execFile, fork, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { SamStatus } from "../api";
import { errorText } from "../api/segment-error";
import { isChildMessage } from "./child-message";
import { existingDirectory, realDirectory } from "./real-directory";

const STATUS_PATIENCE_MS = 60_000;
const run = promisify(execFile);

/** An installation of the sam engine that was started here, as it stands or as it ended. */
export interface SamInstallation {
  state: "running" | "done" | "failed";
  /** The last line that npm or the installer wrote. */
  line: string;
  /** Why it failed. */
  reason?: string;
}

const installations = new Map<string, SamInstallation>();
let lastLook: Promise<unknown> = Promise.resolve();

/**
 * Whether the sam engine is installed for a data directory, and what would bring it. The answer is given by a process of
 * its own, one at a time, so that Node-RED needs no part of the engine.
 * @throws {Error} when that process fails
 */
export function samStatus(dataDir: string, userDir: string): Promise<SamStatus> {
  const look = lastLook.then(async () => {
    const args = [serverFile(), "install-sam", "--status", "--data", dataDir, "--user-dir", userDir];
    const [{ stdout }, { samStatusSchema }] = await Promise.all([
      run(process.execPath, args, { env: environment(), timeout: STATUS_PATIENCE_MS }),
      import("../api/index.js"),
    ]);
    return samStatusSchema.parse(JSON.parse(stdout));
  });
  lastLook = look.catch(() => undefined);
  return look;
}

/** The last installation into a data directory since Node-RED's start, if there was one. */
export function samInstallation(dataDir: string): SamInstallation | undefined {
  return installations.get(existingDirectory(dataDir));
}

/**
 * Installs the sam engine into a data directory by `segment-server install-sam`, in a child process that ends with this
 * one. A directory's installation that runs already is joined.
 * @throws {Error} when the server's file is missing
 */
export function installSam(dataDir: string, log: (message: string) => void): SamInstallation {
  const key = realDirectory(dataDir);
  const running = installations.get(key);
  if (running?.state === "running") return running;

  const child = fork(serverFile(), ["install-sam", "--ipc", "--data", key], {
    execArgv: [],
    env: environment(),
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const installation: SamInstallation = { state: "running", line: "" };
  installations.set(key, installation);
  log(`segment server: installing the engine sam into ${key}`);
  watch(child, installation, log);
  unref(child);
  return installation;
}

function watch(child: ChildProcess, installation: SamInstallation, log: (message: string) => void): void {
  const end = (reason: string | undefined): void => {
    if (installation.state !== "running") return;
    installation.state = reason === undefined ? "done" : "failed";
    installation.reason = reason;
    log(`segment server: the engine sam ${reason === undefined ? "is installed" : `was not installed: ${reason}`}`);
  };
  let failure: string | undefined;
  child.on("message", (message: unknown) => {
    if (isChildMessage(message) && message.type === "failed") failure = message.message;
  });
  child.on("error", (error) => {
    if (child.pid === undefined) end(errorText(error));
  });
  child.once("close", (code, signal) => {
    if (code === 0) end(undefined);
    else end(failure ?? `it ended with ${signal ?? `code ${code ?? "?"}`}. ${installation.line}`.trim());
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      if (line.trim() !== "") installation.line = line.trim();
    });
  }
}

/** Nothing of an installation keeps this process alive; the child ends when its IPC channel closes. */
function unref(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
  for (const stream of [child.stdout, child.stderr]) if (stream instanceof Socket) stream.unref();
}

function serverFile(): string {
  return require.resolve("@visionjobs/node-red-segment/segment-server");
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: undefined };
}
