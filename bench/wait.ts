/**
 * npm run bench:wait
 *
 * Measures how soon the result of a job leaves segment wait, and at what cost, in a real Node-RED: with our own server,
 * and with one that has no extension; beside core nodes that are wired by hand to poll every second, and a bare loop that
 * does the same. The services run in processes of their own; their jobs only take time. Prints a table, writes
 * bench/results/wait.json, and fails when a figure misses its requirement. Needs Linux (/proc).
 */
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { linkPackage, startNodeRed, type RunningNodeRed } from "../tools/node-red";
import { printShortfalls, type Requirement } from "./support/requirements";
import { cpuMsOf, residentBytesOf } from "../tools/processes";
import { writeResults } from "./support/results";
import { mean, percentile } from "../tools/statistics";
import { runBareLoop } from "./wait/bare-loop";
import { benchFlow, runLane, type Lane } from "./wait/flow";
import { ServiceProcess } from "./wait/service-process";
import { gaussian, randomNumbers } from "../tools/random";

/** The whole benchmark takes seven minutes. */
const LIMIT_MS = 900_000;
const SEED = 1;
const random = randomNumbers(SEED);

/** Lengths of jobs that are started together, and how often each lane runs them: the lanes take turns. */
const BURST = Array.from({ length: 24 }, () => 200 + 2800 * random());
const ROUNDS = 10;
/** Log-normal lengths, median 3 s, σ .8; and jobs that end before the first poll. */
const LOG_NORMAL = shuffled(normalQuantiles(160).map((deviation) => 3000 * Math.exp(0.8 * deviation)));
const SHORT = Array.from({ length: 160 }, () => 300);
const AT_ONCE = 16;
/** V8's garbage differs by 10 MB from one run to the next: the median counts. */
const CROWDS = 3;
const CROWD = Array.from({ length: 1000 }, () => 20_000 + 2000 * random());

const SAMPLE_MS = 100;
/** Time for garbage collection and for files that are still being written. */
const SETTLE_MS = 3000;

/** Evenly spaced quantiles of the normal distribution, in order: in a random sample, a few longest jobs would decide. */
function normalQuantiles(count: number): number[] {
  const drawn = Array.from({ length: count * 100 }, () => gaussian(random)).sort((a, b) => a - b);
  return drawn.filter((_, index) => index % 100 === 50);
}

function shuffled(values: number[]): number[] {
  return values
    .map((value) => ({ value, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

interface Figures {
  jobs: number;
  meanMs: number;
  p50Ms: number;
  p95Ms: number;
  requestsPerJob: number;
  /** CPU of Node-RED's process; unknown for the bare loop, which runs in this process. */
  cpuMsPerJob?: number;
}

/** One Node-RED and the services, with the measurements on both. */
class Bench {
  constructor(
    private readonly nodeRed: RunningNodeRed,
    private readonly own: ServiceProcess,
    private readonly plain: ServiceProcess,
  ) {}

  async measure(lane: Lane, durations: number[], atOnce = durations.length) {
    const service = lane === "plain" ? this.plain : this.own;
    const before = { requests: await service.requests(), cpuMs: cpuMsOf(this.nodeRed.pid) };
    const run = await runLane(this.nodeRed.url, lane, service.fileId, durations, atOnce);
    const cpuMs = cpuMsOf(this.nodeRed.pid) - before.cpuMs;
    if (run.errors.length > 0) throw new Error(`${run.errors.length} jobs of ${lane} failed: ${run.errors[0]}`);
    return { ...run, cpuMs, requests: (await service.requests()) - before.requests };
  }

  async measureBareLoop(durations: number[]) {
    const before = await this.own.requests();
    const delays = await runBareLoop(this.own, durations);
    return { delays, requests: (await this.own.requests()) - before };
  }

  residentBytes(): number {
    return residentBytesOf(this.nodeRed.pid);
  }
}

function figuresOf(runs: { delays: number[]; requests: number; cpuMs?: number }[]): Figures {
  const delays = runs.flatMap((run) => run.delays);
  const perJob = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / delays.length;
  const cpu = runs.flatMap(({ cpuMs }) => cpuMs ?? []);
  return {
    jobs: delays.length,
    meanMs: mean(delays),
    p50Ms: percentile(delays, 0.5),
    p95Ms: percentile(delays, 0.95),
    requestsPerJob: perJob(runs.map(({ requests }) => requests)),
    ...(cpu.length > 0 ? { cpuMsPerJob: perJob(cpu) } : {}),
  };
}

/** The same jobs at once through each lane in turn, after a round that loads and compiles the code. */
async function measureBursts(bench: Bench) {
  const runs = { own: [], wired: [], bare: [] } as Record<"own" | "wired" | "bare", Parameters<typeof figuresOf>[0]>;
  await bench.measure("wired", BURST);
  await bench.measureBareLoop(BURST);
  for (let round = 0; round < ROUNDS; round++) {
    runs.own.push(await bench.measure("own", BURST));
    runs.wired.push(await bench.measure("wired", BURST));
    runs.bare.push(await bench.measureBareLoop(BURST));
  }
  return { own: figuresOf(runs.own), wired: figuresOf(runs.wired), bare: figuresOf(runs.bare) };
}

/**
 * Many waits at once in a Node-RED that has just started and done a few: how much memory they take above the idle
 * runtime, and whether its event loop keeps up.
 */
async function measureCrowd(bench: Bench, lane: "own" | "wired") {
  await bench.measure(lane, BURST);
  await sleep(SETTLE_MS);
  const idleBytes = bench.residentBytes();
  let peakBytes = idleBytes;
  const sampler = setInterval(() => (peakBytes = Math.max(peakBytes, bench.residentBytes())), SAMPLE_MS);
  try {
    const run = await bench.measure(lane, CROWD);
    return { ...figuresOf([run]), loop: run.loop, idleBytes, moreBytes: peakBytes - idleBytes };
  } finally {
    clearInterval(sampler);
  }
}

/** Our crowd comes first: the bursts then find compiled code and folders on the disk. */
async function measureOurs(bench: Bench) {
  const crowd = await measureCrowd(bench, "own");
  const bursts = await measureBursts(bench);
  const logNormal = figuresOf([await bench.measure("plain", LOG_NORMAL, AT_ONCE)]);
  const short = figuresOf([await bench.measure("plain", SHORT, AT_ONCE)]);
  return { crowd, bursts, plain: { logNormal, short } };
}
type Crowd = Awaited<ReturnType<typeof measureCrowd>>;
type Results = Awaited<ReturnType<typeof measureOurs>> & { crowds: Crowd[]; wiredCrowd: Crowd };

function requirements({ crowds, bursts: { own, wired }, plain: { logNormal, short } }: Results): Requirement[] {
  return [
    { what: "own server, requests a job", value: own.requestsPerJob, most: 2.1 },
    { what: "own server, delay p50, ms", value: own.p50Ms, most: 10 },
    { what: "own server, delay p95, ms", value: own.p95Ms, most: 50 },
    { what: "own server, CPU a job, share of the wired flow's", value: cpuShare(own, wired), most: 1 },
    { what: "no extension, log-normal, mean delay, ms", value: logNormal.meanMs, most: 550 },
    { what: "no extension, log-normal, polls a job", value: logNormal.requestsPerJob - 1, most: 5.5 },
    { what: "no extension, 300 ms, mean delay, ms", value: short.meanMs, most: 150 },
    { what: "no extension, 300 ms, polls a job", value: short.requestsPerJob - 1, most: 1.3 },
    {
      what: "1000 waits, more memory, MB",
      value: percentile(
        crowds.map(({ moreBytes }) => moreBytes / 1e6),
        0.5,
      ),
      most: 30,
    },
    { what: "1000 waits, event loop delay p99, ms", value: Math.max(...crowds.map(({ loop }) => loop.p99)), most: 50 },
  ];
}

function cpuShare(a: Figures, b: Figures): number {
  return (a.cpuMsPerJob ?? NaN) / (b.cpuMsPerJob ?? NaN);
}

function print({ crowd, crowds, wiredCrowd, bursts, plain }: Results): void {
  const { wired } = bursts;
  console.log(`\n${"delay from the job's end, ms".padEnd(36)}  jobs    mean     p50     p95  requests  CPU ms a job`);
  const line = (title: string, figures: Figures, ratio = ""): void => {
    const { jobs, meanMs, p50Ms, p95Ms, requestsPerJob, cpuMsPerJob } = figures;
    const times = [meanMs, p50Ms, p95Ms].map((ms) => ms.toFixed(0).padStart(8)).join("");
    const cost = `${requestsPerJob.toFixed(2).padStart(10)}${(cpuMsPerJob?.toFixed(1) ?? "-").padStart(14)}`;
    console.log(`${title.padEnd(36)}${String(jobs).padStart(6)}${times}${cost}${ratio}`);
  };
  const ratio = (wired.p50Ms / bursts.own.p50Ms).toFixed(0);
  const cpu = cpuShare(bursts.own, wired).toFixed(2);
  line("own server, 24 at once", bursts.own, `  (1/${ratio} of the wired flow's delay, ${cpu} of its CPU)`);
  line("  core nodes wired by hand", wired);
  line("  a bare loop", bursts.bare);
  line("own server, 1000 at once", crowd);
  line(`no extension, log-normal, ${AT_ONCE} at once`, plain.logNormal);
  line(`no extension, 300 ms, ${AT_ONCE} at once`, plain.short);
  console.log("\n1000 waits at once");
  for (const [title, { loop, moreBytes, idleBytes }] of [
    ...crowds.map((each) => ["ours", each] as const),
    ["wired by hand", wiredCrowd] as const,
  ]) {
    const delay = `event loop delay p50 ${loop.p50.toFixed(0)}, p99 ${loop.p99.toFixed(0)}, most ${loop.max.toFixed(0)} ms`;
    const memory = `${(moreBytes / 1e6).toFixed(1)} MB above the idle ${(idleBytes / 1e6).toFixed(0)} MB at most`;
    console.log(`  ${title.padEnd(13)}  ${delay}; ${memory}`);
  }
}

async function main(): Promise<void> {
  const [own, plain] = await Promise.all([ServiceProcess.start("own"), ServiceProcess.start("plain")]);
  try {
    const wiredCrowd = await inNodeRed(own, plain, (bench) => measureCrowd(bench, "wired"));
    const ours = await inNodeRed(own, plain, measureOurs);
    const crowds = [ours.crowd];
    while (crowds.length < CROWDS) crowds.push(await inNodeRed(own, plain, (bench) => measureCrowd(bench, "own")));
    const results = { ...ours, crowds, wiredCrowd };
    print(results);
    const missed = printShortfalls(requirements(results));
    const load = loadavg().map((value) => value.toFixed(1));
    console.log(`Load of the machine: ${load.join(", ")}`);
    writeResults("wait", { ...results, missed });
  } finally {
    await Promise.all([own.close(), plain.close()]);
  }
}

/** Measures in a Node-RED that is started for it. */
async function inNodeRed<R>(
  own: ServiceProcess,
  plain: ServiceProcess,
  measure: (bench: Bench) => Promise<R>,
): Promise<R> {
  const home = await mkdtemp(join(tmpdir(), "node-red-segment-bench-"));
  let nodeRed: RunningNodeRed | undefined;
  try {
    await linkPackage(home);
    nodeRed = await startNodeRed(home, benchFlow(own, plain), AbortSignal.timeout(LIMIT_MS));
    return await Promise.race([measure(new Bench(nodeRed, own, plain)), nodeRed.crashed]);
  } finally {
    await nodeRed?.stop();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
