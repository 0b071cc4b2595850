/** Other versions of Node-RED and Node.js than those of this project, each installed in a folder that is kept. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { npm } from "./npm";

const CACHE = join(tmpdir(), "node-red-segment-hosts");
/** Node.js as an npm package for this platform. Never install it in the project: its `.bin/node` would replace Node.js there. */
export const NODE_PACKAGE = `node-${process.platform}-${process.arch}`;

const lockSchema = z.object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) });

/** A version of Node-RED and the Node.js that it needs. */
export interface Host {
  version: string;
  /** Major and minor of the oldest Node.js that it supports, if newer than ours. */
  oldestNode?: [number, number];
  /** The Node.js to install if the current one is older than that. */
  node?: string;
}

/** By the name for `npm run test:hosts -- --host NAME`, the oldest first. */
export const HOSTS: Record<string, Host> = {
  "3.1": { version: "3.1.15" },
  "5.0": { version: "5.0.7", oldestNode: [22, 9], node: "22.23.3" },
};

/** Installs a Node-RED, and a Node if the present one is too old for it. Returns its folder and the Node to run it on. */
export async function installHost({ version, oldestNode, node }: Host): Promise<{ folder: string; node: string }> {
  const ownNode = oldestNode === undefined || node === undefined || isAtLeast(oldestNode);
  const folder = await installed({ "node-red": version, ...(!ownNode && { [NODE_PACKAGE]: node }) });
  return { folder, node: ownNode ? process.execPath : nodeIn(folder) };
}

/** Path of the Node in a folder with {@link NODE_PACKAGE}. */
export function nodeIn(folder: string): string {
  return join(folder, "node_modules", NODE_PACKAGE, "bin", "node");
}

/** A folder with these packages, by name and exact version. */
export async function installed(packages: Record<string, string>): Promise<string> {
  const names = Object.entries(packages).map(([name, version]) => `${name}-${version}`);
  const folder = join(CACHE, names.join("+"));
  if (!holds(folder, packages)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: packages }));
    await npm(folder, "install", "--omit=dev", "--ignore-scripts");
  }
  return folder;
}

/** Whether the packages are installed, by what npm writes when it has finished. */
function holds(folder: string, packages: Record<string, string>): boolean {
  const file = join(folder, "node_modules", ".package-lock.json");
  if (!existsSync(file)) return false;
  const lock = lockSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  return Object.entries(packages).every(
    ([name, version]) => lock.packages[`node_modules/${name}`]?.version === version,
  );
}

function isAtLeast([major, minor]: [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = process.versions.node.split(".").map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
