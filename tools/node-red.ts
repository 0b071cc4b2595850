import { spawn, type ChildProcessByStdio } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer, type AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";

const PACKAGE = "@visionjobs/node-red-segment";
const PACKAGE_ROOT = join(__dirname, "..");
/** Resolves modules from Node-RED's installation: the folder in NODE_RED_HOME, or this project. */
export const hostRequire = createRequire(join(process.env.NODE_RED_HOME ?? PACKAGE_ROOT, "package.json"));
/** How long Node-RED may take to stop before it is killed. Its own limit for a node is 15 s. */
const STOP_MS = 20_000;

/** A flow file: nodes with an id and a type, the rest as each node defines it. */
export type Flow = { id: string; type: string; [property: string]: unknown }[];

type NodeRedProcess = ChildProcessByStdio<null, Readable, Readable>;

/** A Node-RED in a separate process. */
export interface RunningNodeRed {
  /** Address of the editor and the admin API. */
  url: string;
  /** Its process id. */
  pid: number;
  /** Rejects when the process has ended without `stop()`. Never resolves. */
  crashed: Promise<never>;
  /** Its output on stdout and stderr so far. */
  log: () => string;
  /** Presses the button of an inject node. */
  inject(nodeId: string): Promise<void>;
  /** Stops the process and waits until it has ended. */
  stop(): Promise<void>;
}

/**
 * Makes a home directory with a user directory `.node-red` in it that lists this package and links to it,
 * as if it had been installed there.
 * @param others packages with nodes of this project's node_modules that are linked, too
 * @returns path of the user directory
 */
export async function linkPackage(home: string, ...others: string[]): Promise<string> {
  const userDir = join(home, ".node-red");
  const packages = [
    { name: PACKAGE, folder: PACKAGE_ROOT },
    ...others.map((name) => ({ name, folder: join(PACKAGE_ROOT, "node_modules", name) })),
  ];
  for (const { name, folder } of packages) {
    const link = join(userDir, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(folder, link, "junction");
  }
  const dependencies = Object.fromEntries(packages.map(({ name }) => [name, "*"]));
  const manifest = { name: "node-red-project", private: true, dependencies };
  await writeFile(join(userDir, "package.json"), JSON.stringify(manifest));
  return userDir;
}

/**
 * Starts a real Node-RED in a home directory, on a free port of this machine only, and waits until its flows run.
 * @param home directory with the user directory `.node-red`; it stands for the user's own home directory
 * @param flow the flow that it runs
 * @param signal gives up starting
 * @param extraSettings further settings for its settings.js
 * @param node the Node.js that it runs on
 * @throws Error with Node-RED's log if it doesn't start
 */
export async function startNodeRed(
  home: string,
  flow: Flow,
  signal: AbortSignal,
  extraSettings: object = {},
  node: string = process.execPath,
): Promise<RunningNodeRed> {
  const userDir = join(home, ".node-red");
  await writeFile(join(userDir, "flows.json"), JSON.stringify(flow, null, 2));
  const settings = {
    flowFile: "flows.json",
    uiHost: "127.0.0.1",
    uiPort: await freePort(),
    lang: "en-US",
    telemetry: { enabled: false },
    editorTheme: { tours: false },
    logging: { console: { level: "info", metrics: false, audit: false } },
    // Other packages with nodes in this project's folder would make the start slower.
    externalModules: { palette: { allowList: [PACKAGE] } },
    ...extraSettings,
  };
  await writeFile(join(userDir, "settings.js"), `module.exports = ${JSON.stringify(settings, null, 2)};\n`);

  const child = spawn(node, [hostRequire.resolve("node-red/red.js"), "--userDir", userDir], {
    // The example recognizes the official container, which has another user directory, by NODE_PATH.
    env: { ...process.env, HOME: home, USERPROFILE: home, NODE_PATH: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const nodeRed = watch(child, `http://127.0.0.1:${settings.uiPort}/`);
  try {
    await Promise.race([flowsStarted(child, nodeRed.log), nodeRed.crashed, aborted(signal)]);
  } catch (error) {
    await nodeRed.stop();
    throw error;
  }
  return nodeRed;
}

function watch(child: NodeRedProcess, url: string): RunningNodeRed {
  let log = "";
  let stopping = false;
  child.stdout.on("data", (chunk: Buffer) => (log += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const crashed = new Promise<never>((_resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (!stopping) reject(new Error(`Node-RED has ended with code ${code ?? "none"}.\n${log}`));
    });
  });
  crashed.catch(() => undefined); // handled where it is awaited

  return {
    url,
    pid: child.pid ?? 0,
    crashed,
    log: () => log,
    async inject(nodeId) {
      const response = await fetch(`${url}inject/${nodeId}`, { method: "POST" });
      if (!response.ok) throw new Error(`Node-RED refused to inject: HTTP ${response.status}`);
    },
    async stop() {
      stopping = true;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Resolves when Node-RED logs that its flows run. Its admin API responds earlier, even when nodes are missing. */
async function flowsStarted(child: NodeRedProcess, log: () => string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", () => {
      if (log().includes("Started flows")) resolve();
      if (log().includes("Waiting for missing types")) {
        reject(new Error(`Node-RED did not load the nodes of the flow.\n${log()}`));
      }
    });
  });
}

/** Rejects with the signal's reason once it is aborted. Never resolves. */
export async function aborted(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted();
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
