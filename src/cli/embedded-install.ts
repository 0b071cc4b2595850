import { errorText, type ChildMessage } from "../api";
import { installSam } from "./install-sam";
import { UsageError, type InstallArguments } from "./options";

/**
 * Installs the sam engine as the child of a Node-RED: what failed is told over IPC, and when the parent is gone, npm is
 * ended and nothing is left behind.
 */
export async function runEmbeddedInstall(options: InstallArguments): Promise<void> {
  if (process.send === undefined) throw new UsageError("--ipc is for a process that was started with an IPC channel.");
  const parentGone = new AbortController();
  process.once("disconnect", () => parentGone.abort());
  // When the parent is gone, so is who reads; and a terminal's Ctrl-C reaches the child too, but the parent decides.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  process.on("SIGINT", () => undefined);
  try {
    await installSam({ ...options, yes: true }, parentGone.signal);
    process.exit(0);
  } catch (error) {
    const message: ChildMessage = { type: "failed", message: errorText(error) };
    if (process.connected) process.send(message, undefined, undefined, () => process.exit(1));
    else process.exit(1);
  }
}
