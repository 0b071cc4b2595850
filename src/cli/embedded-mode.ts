import { errorText, parentMessageSchema } from "../api";
import { startServer, type RunningServer, type ServerOptions } from "../server/server";
import { exitWithFailure, openParentChannel, sendToParent } from "./parent-channel";

/**
 * Serves as the child of a Node-RED: waits for the token over IPC, listens on the loopback, reports its address to the
 * parent, and ends when the parent says so or ends itself.
 */
export function runEmbedded(options: ServerOptions): void {
  let starting: Promise<RunningServer> | undefined;
  const stop = async (): Promise<void> => {
    try {
      await (await starting)?.close();
    } finally {
      process.exit(0);
    }
  };
  openParentChannel(() => void stop());
  process.on("message", (received) => {
    const message = parentMessageSchema.safeParse(received);
    if (!message.success) return;
    if (message.data.type === "stop") void stop();
    else starting ??= start(options, message.data.token);
  });
  process.once("SIGTERM", () => void stop());
}

async function start(options: ServerOptions, token: string): Promise<RunningServer> {
  try {
    const server = await startServer({ ...options, host: "127.0.0.1", token, checkHost: true });
    void sendToParent({ type: "ready", url: server.url });
    return server;
  } catch (error) {
    options.log(`the server can't start: ${errorText(error)}`);
    return exitWithFailure(error);
  }
}
