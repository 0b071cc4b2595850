/** CPU and memory of other processes, from Linux's /proc. */
import { readdirSync, readFileSync } from "node:fs";

/** The process ids of a process's children. */
export function childProcesses(parent = process.pid): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && parentOf(pid) === parent);
}

/** CPU time in ms that a process's threads have used so far. */
export function cpuMsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) => Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0]));
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

/** Peak memory of a process in bytes. */
export function peakBytesOf(pid: number): number {
  return Number(/VmHWM:\s*(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

/** Present memory of a process in bytes. */
export function residentBytesOf(pid: number): number {
  return Number(/VmRSS:\s*(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

function parentOf(pid: number): number {
  return Number(/PPid:\s*(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

/** Processes and threads may end at any moment. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
