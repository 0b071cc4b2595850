/** The engine of a test, and the memory of its worker by /proc. Linux only. */
import { readFileSync } from "node:fs";
import { childProcesses } from "../../tools/processes";
import type { Engine, EngineOptions } from "../../src/engine";
import type { Engines } from "../support/engines";
import { installToySam } from "../support/sam-folder";

/** A process's memory in bytes: all that it has reserved, or the part of it that is in use. */
export function bytesOf(pid: number, what: "VmSize" | "VmRSS"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${what}:\\s*(\\d+) kB`).exec(status)?.[1]) * 1024;
}

/** Starts an engine with a toy sam. Returns it with its worker's process id. */
export function startWithWorker(
  engines: Engines,
  options: Partial<EngineOptions> = {},
): { engine: Engine; worker: number } {
  installToySam(engines.folder);
  const others = childProcesses();
  const engine = engines.start(options);
  const [worker] = childProcesses().filter((pid) => !others.includes(pid));
  return { engine, worker: worker! };
}
