import { randomUUID } from "node:crypto";
import { LOOPBACK } from "../server/access";
import { startServer, type RunningServer, type ServerOptions } from "../server/server";
import type { Script } from "./script";
import { Simulator } from "./simulator";

export { parseScript, readScript, ScriptError, type Script, type WrittenScript } from "./script";
export { Simulator } from "./simulator";

/**
 * Starts a segment server on a free port, and in front of it a simulator at the address of the options.
 * @throws as `startServer` does
 */
export async function startSimulatedServer(options: ServerOptions, script: Script): Promise<RunningServer> {
  const { host, port, log } = options;
  // The tokens that the simulator issues only matter if the server requires one.
  const token = options.token ?? (script.oauth === undefined ? undefined : randomUUID());
  const server = await startServer({ ...options, host: "127.0.0.1", port: 0, token });
  try {
    const checkHost = token === undefined && LOOPBACK.includes(host);
    const target = { url: server.url, token };
    const simulator = await Simulator.start({ target, script, host, port, checkHost, log });
    return {
      url: simulator.url,
      close: async () => {
        await simulator.close();
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}
