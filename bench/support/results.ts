import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";

/** Writes the results of a benchmark, and the machine that they were measured on, into bench/results. */
export function writeResults(name: string, results: object): void {
  const folder = join(__dirname, "..", "results");
  mkdirSync(folder, { recursive: true });
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, load: loadavg() };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ machine, ...results }, null, 1));
}
