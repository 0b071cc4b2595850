/**
 * npm run bench:start
 *
 * Measures what this package adds to the start of Node-RED and to its memory, with one of each node deployed and idle,
 * beside the same Node-RED without the package, in alternating runs. With a remote service, and with the embedded one,
 * whose child process is counted separately. Prints a table, writes bench/results/start.json, and fails when it adds more than is allowed.
 * Needs Linux (/proc).
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { linkPackage, startNodeRed, type Flow } from "../tools/node-red";
import { childProcesses, cpuMsOf, residentBytesOf } from "../tools/processes";
import { printShortfalls } from "./support/requirements";
import { writeResults } from "./support/results";
import { percentile } from "../tools/statistics";

const RUNS = 5;
const LIMIT_MS = 60_000;
/** Time for the work after the start: garbage collection, the start of the embedded server. */
const SETTLE_MS = 5000;

const VARIANTS = ["without", "remote", "embedded"] as const;
type Variant = (typeof VARIANTS)[number];

interface Sample {
  /** From the start of the process until its flows run. */
  startMs: number;
  /** CPU until then, which is more reliable than the time when the machine has other work. */
  cpuMs: number;
  bytes: number;
  childBytes: number;
}

/** One of each node, or only core nodes. */
function flowOf(variant: Variant): Flow {
  const tab = { id: "tab", type: "tab", label: "bench" };
  const node = (id: string, type: string, next: string[], properties: object = {}): Flow[number] => {
    return { id, type, z: "tab", x: 0, y: 0, wires: [next], ...properties };
  };
  const ends = [node("inject", "inject", variant === "without" ? ["debug"] : ["upload"]), node("debug", "debug", [])];
  if (variant === "without") return [tab, ...ends];
  const remote = { service: "server", baseUrl: "http://127.0.0.1:9" };
  return [
    tab,
    ...ends,
    { id: "config", type: "segment-config", ...(variant === "remote" ? remote : { service: "embedded" }) },
    node("upload", "segment-upload", ["start"], { config: "config" }),
    node("start", "segment-start", ["wait"], { config: "config" }),
    node("wait", "segment-wait", ["alarm"]),
    node("alarm", "segment-alarm", ["debug"], { high: "0.5" }),
  ];
}

/** Starts a Node-RED from nothing, lets it settle and ends it. */
async function measure(variant: Variant): Promise<Sample> {
  const home = await mkdtemp(join(tmpdir(), "node-red-segment-bench-"));
  try {
    if (variant === "without") await mkdir(join(home, ".node-red"));
    else await linkPackage(home);
    const before = performance.now();
    const nodeRed = await startNodeRed(home, flowOf(variant), AbortSignal.timeout(LIMIT_MS));
    const startMs = performance.now() - before;
    const cpuMs = cpuMsOf(nodeRed.pid);
    try {
      await sleep(SETTLE_MS);
      const children = childProcesses(nodeRed.pid).map(residentBytesOf);
      const childBytes = children.reduce((sum, bytes) => sum + bytes, 0);
      return { startMs, cpuMs, bytes: residentBytesOf(nodeRed.pid), childBytes };
    } finally {
      await nodeRed.stop();
    }
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measureAll(): Promise<Record<Variant, Sample[]>> {
  const samples: Record<Variant, Sample[]> = { without: [], remote: [], embedded: [] };
  for (const variant of VARIANTS) await measure(variant); // fills the system's cache of files
  for (let run = 0; run < RUNS; run++) {
    for (const variant of VARIANTS) samples[variant].push(await measure(variant));
  }
  return samples;
}

/** Minimum and median of each figure. The minima are compared: load on the machine only ever adds. */
function figures(samples: Sample[]) {
  const of = (key: keyof Sample, scale: number) => {
    const values = samples.map((sample) => sample[key] / scale);
    return { least: Math.min(...values), median: percentile(values, 0.5) };
  };
  return {
    startMs: of("startMs", 1),
    cpuMs: of("cpuMs", 1),
    megabytes: of("bytes", 1e6),
    childMegabytes: of("childBytes", 1e6),
  };
}
type Figures = ReturnType<typeof figures>;

function print(all: Record<Variant, Figures>): void {
  console.log(
    `\n${RUNS} runs each: least / median    start, ms          its CPU, ms        memory, MB         child, MB`,
  );
  const TITLES = { without: "without the package", remote: "remote service", embedded: "embedded server" };
  for (const variant of VARIANTS) {
    const { startMs, cpuMs, megabytes, childMegabytes } = all[variant];
    const cells = [startMs, cpuMs, megabytes, childMegabytes].map(({ least, median }) =>
      `${least.toFixed(0)} / ${median.toFixed(0)}`.padEnd(19),
    );
    const ratio = `x ${(startMs.least / all.without.startMs.least).toFixed(2)} of the start without`;
    console.log(`${TITLES[variant].padEnd(32)}${cells.join("")}${variant === "without" ? "" : ratio}`);
  }
}

async function main(): Promise<void> {
  const samples = await measureAll();
  const all = {
    without: figures(samples.without),
    remote: figures(samples.remote),
    embedded: figures(samples.embedded),
  };
  print(all);
  const more = (variant: Variant, key: "startMs" | "megabytes"): number =>
    all[variant][key].least - all.without[key].least;
  const missed = printShortfalls([
    { what: "remote service, longer start, ms", value: more("remote", "startMs"), most: 250 },
    { what: "remote service, more memory, MB", value: more("remote", "megabytes"), most: 15 },
    { what: "embedded server, longer start, ms", value: more("embedded", "startMs"), most: 250 },
    { what: "embedded server, more memory without its child, MB", value: more("embedded", "megabytes"), most: 15 },
  ]);
  console.log(
    `Load of the machine: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(", ")}`,
  );
  writeResults("start", { figures: all, missed, samples });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
