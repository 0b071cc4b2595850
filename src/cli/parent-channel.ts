import { errorText, type ChildMessage } from "../api";
import { UsageError } from "./options";

/**
 * Prepares this process to run as the child of a Node-RED.
 * @param onGone called when the parent has ended
 * @throws {UsageError} when the process was started without an IPC channel
 */
export function openParentChannel(onGone: () => void): void {
  if (process.send === undefined) throw new UsageError("--ipc is for a process that was started with an IPC channel.");
  process.once("disconnect", onGone);
  // Without its parent, nobody reads the log.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  // A terminal's Ctrl-C reaches the child too; the parent decides when it ends.
  process.on("SIGINT", () => undefined);
}

/** Sends a message to the parent. A parent that has gone does not get it. */
export function sendToParent(message: ChildMessage): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}

/** Reports to the parent why this process ends, and ends it with exit code 1. */
export async function exitWithFailure(error: unknown): Promise<never> {
  await sendToParent({ type: "failed", message: errorText(error) });
  process.exit(1);
}
