import { errorText, parentMessageSchema, type ChildMessage } from "../api";
import { UsageError } from "./options";
import { startServer, type RunningServer, type ServerOptions } from "../server/server";

/**
 * Serves as the child of a Node-RED: waits for the token over IPC, listens on the loopback, tells the parent where,
 * and ends when the parent says so or is gone.
 */
export function runEmbedded(options: ServerOptions): void {
  if (process.send === undefined) throw new UsageError("--ipc is for a process that was started with an IPC channel.");
  let starting: Promise<RunningServer | undefined> | undefined;

  const stop = async () => {
    try {
      await (await starting)?.close();
    } finally {
      process.exit(0);
    }
  };
  // When the parent is gone, so is who reads the log.
  process.stderr.on("error", () => undefined);
  process.once("disconnect", () => void stop());
  process.on("message", (received) => {
    const message = parentMessageSchema.safeParse(received);
    if (!message.success) return;
    if (message.data.type === "stop") void stop();
    else starting ??= start(options, message.data.token);
  });
  // A terminal's Ctrl-C reaches the child too; the parent decides when it ends.
  process.on("SIGINT", () => undefined);
  process.once("SIGTERM", () => void stop());
}

async function start(options: ServerOptions, token: string): Promise<RunningServer | undefined> {
  try {
    const server = await startServer({ ...options, host: "127.0.0.1", token, checkHost: true });
    tell({ type: "ready", url: server.url });
    return server;
  } catch (error) {
    options.log(`the server can't start: ${errorText(error)}`);
    tell({ type: "failed", message: errorText(error) }, () => process.exit(1));
    return undefined;
  }
}

function tell(message: ChildMessage, then?: () => void): void {
  process.send?.(message, undefined, undefined, () => then?.());
}
