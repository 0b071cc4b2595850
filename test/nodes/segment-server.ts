import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";

export interface SegmentServer {
  url: string;
  token: string;
  stop(): Promise<void>;
}

const readySchema = z.object({ ready: z.literal(true), url: z.string() });

/**
 * Starts the built segment server as a process of its own, as on a bigger machine in the plant. Its engine is graphcut,
 * which loads and runs much faster than sam: the flows are about messages, and their object is a plain disc.
 */
export async function startSegmentServer(folder: string): Promise<SegmentServer> {
  const token = "token-of-the-flow-tests";
  const server = spawn(
    process.execPath,
    [
      require.resolve("@visionjobs/node-red-segment/segment-server"),
      ...["--port", "0", "--data", join(folder, "server"), "--engine", "graphcut"],
    ],
    { env: { ...process.env, SEGMENT_SERVER_TOKEN: token }, stdio: ["ignore", "pipe", "ignore"] },
  );
  const [line] = (await once(createInterface(server.stdout), "line")) as [string];
  const { url } = readySchema.parse(JSON.parse(line));
  return {
    url,
    token,
    stop: async () => {
      const exited = once(server, "exit");
      server.kill("SIGTERM");
      await exited;
    },
  };
}
