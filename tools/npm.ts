import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Runs npm in a folder, without its audit and funding reports. */
export function npm(cwd: string, ...args: string[]): Promise<{ stdout: string }> {
  const options = { cwd, maxBuffer: 64 * 1024 * 1024, shell: process.platform === "win32" };
  return run("npm", [...args, "--no-audit", "--no-fund"], options);
}
