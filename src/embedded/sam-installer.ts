import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { SamStatus } from "../api";
import { childEnvironment, endText, IpcChild, modulePath, type ChildEnd } from "../process/ipc-child";
import { isChildMessage } from "./child-message";
import { existingDirectory, realDirectory } from "./real-directory";
import { SERVER_FILE } from "./server-file";

const STATUS_PATIENCE_MS = 60_000;
const run = promisify(execFile);

/** An installation of the sam engine that this process has started: its present state, or how it ended. */
export interface SamInstallation {
  state: "running" | "done" | "failed";
  /** The last line that npm or the installer wrote. */
  line: string;
  /** Why it failed. */
  reason?: string;
}

const installations = new Map<string, SamInstallation>();
let lastStatus: Promise<unknown> = Promise.resolve();

/**
 * Whether the sam engine is installed for a data directory, and what an installation would add. A separate process finds
 * out, one at a time, so that Node-RED loads no part of the engine.
 * @throws {Error} when that process fails
 */
export function samStatus(dataDir: string, userDir: string): Promise<SamStatus> {
  const status = lastStatus.then(async () => {
    const args = [modulePath(SERVER_FILE), "install-sam", "--status", "--data", dataDir, "--user-dir", userDir];
    const [{ stdout }, { samStatusSchema }] = await Promise.all([
      run(process.execPath, args, { env: childEnvironment(), timeout: STATUS_PATIENCE_MS }),
      import("../api/index.js"),
    ]);
    return samStatusSchema.parse(JSON.parse(stdout));
  });
  lastStatus = status.catch(() => undefined);
  return status;
}

/** The last installation into a data directory since Node-RED's start, if there was one. */
export function samInstallation(dataDir: string): SamInstallation | undefined {
  return installations.get(existingDirectory(dataDir));
}

/**
 * Installs the sam engine into a data directory by `segment-server install-sam`, in a child process that ends with this
 * one. Joins an installation into this directory that is running.
 * @throws {Error} when the server's file is missing
 */
export function installSam(dataDir: string, log: (message: string) => void): SamInstallation {
  const key = realDirectory(dataDir);
  const running = installations.get(key);
  if (running?.state === "running") return running;

  const installation: SamInstallation = { state: "running", line: "" };
  startInstaller(key, installation, log);
  installations.set(key, installation);
  log(`segment server: installing the engine sam into ${key}`);
  return installation;
}

function startInstaller(dir: string, installation: SamInstallation, log: (message: string) => void): void {
  let failure: string | undefined;
  const args = ["install-sam", "--ipc", "--data", dir];
  const child = new IpcChild(
    { module: SERVER_FILE, args, stdout: "lines", stderr: "lines" },
    {
      message: (message) => {
        if (isChildMessage(message) && message.type === "failed") failure = message.message;
      },
      line: (text) => {
        if (text.trim() !== "") installation.line = text.trim();
      },
      ended: (end) => {
        const reason = end.code === 0 ? undefined : (failure ?? reasonOf(end, installation.line));
        installation.state = reason === undefined ? "done" : "failed";
        installation.reason = reason;
        log(`segment server: the engine sam ${reason === undefined ? "is installed" : `was not installed: ${reason}`}`);
      },
    },
  );
  child.unref();
}

function reasonOf(end: ChildEnd, line: string): string {
  return end.error === undefined ? `it ended with ${endText(end)}. ${line}`.trim() : endText(end);
}
