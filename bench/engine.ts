/**
 * npm run bench:engine -- --data DIR [--limit N]
 *
 * How well and at what cost the sam engine cuts out, beside a bare loop over the same ONNX files in the same run. DIR
 * holds folders with `images/`, `masks/` and `prompts.json`; N limits the pictures of each. Prints tables, writes
 * bench/results/engine.json, and fails when a whole run is below what is required. Needs Linux (/proc).
 */
import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createEngine, type Engine } from "../src/engine";
import { locateSam } from "../src/engine/sam/locate";
import type { BareAnswer, BareRequest } from "./support/bare-loop";
import { PROMPT_NAMES, readItems, readMask, type Item, type PromptName } from "./support/dataset";
import { childProcesses, cpuMsOf, peakBytesOf } from "./support/processes";
import { intersectionOverUnion, rasterize } from "./support/rasterize";
import { reliability, type Reliability } from "./support/reliability";
import { mean, spread } from "./support/statistics";

/** Mean IoU that the engine must reach on these folders, in the order of PROMPT_NAMES. */
const REQUIRED_IOU: Partial<Record<string, number[]>> = {
  photos: [0.88, 0.8, 0.74, 0.87, 0.89],
  defects: [0.76, 0.72, 0.41, 0.68, 0.78],
};
/**
 * CPU of a new picture over the bare loop's, and of a further prompt over its decoder's. Prompts of several hints run
 * the decoder three times.
 */
const ALLOWED_RATIO = { newPicture: 1.15, oneHint: 1.5, severalHints: 4.5 };
/** Prompts of a single box or point. */
const ONE_HINT: PromptName[] = ["box", "loose", "point"];
/** Pictures that are segmented before anything is measured: the first runs of a model are slower. */
const WARM_UPS = 3;
const DATA_DIR = join(tmpdir(), "bench-engine");

interface Measurement {
  folder: string;
  image: string;
  prompt: PromptName;
  iou: number;
  score: number;
  vertices: number;
  cpuMs: number;
  wallMs: number;
  bare: BareAnswer;
}

/** Asks the engine and the bare loop the same questions, one after the other. */
class Contest {
  readonly engine: Engine;
  readonly #worker: number;
  readonly #bare = fork(join(__dirname, "support", "bare-loop.ts"), [], { execArgv: ["--require", "tsx/cjs"] });
  readonly #files = locateSam({ dataDir: DATA_DIR });

  constructor() {
    const others = childProcesses();
    this.engine = createEngine({ engine: "sam", workers: 1, dataDir: DATA_DIR, log: console.error });
    const [worker] = childProcesses().filter((pid) => !others.includes(pid));
    if (worker === undefined) throw new Error(`The engine did not start: ${this.engine.health().reason ?? ""}`);
    this.#worker = worker;
  }

  /** @param salt makes the engine take a picture for another one, so that it does not keep its embedding */
  async measure(folder: string, item: Item, prompt: PromptName, salt = ""): Promise<Measurement> {
    const { file, maskFile, prompts } = item;
    const { mask, size } = await readMask(maskFile);
    const bare = await this.#askBare({ files: this.#files, file, maskFile, prompt: prompts[prompt] });
    const sha256 = createHash("sha256").update(readFileSync(file)).update(salt).digest("hex");
    const start = { cpuMs: this.#cpuMs(), wallMs: performance.now() };
    const [segment] = await this.engine.segment({ file, sha256, prompt: prompts[prompt] });
    const end = { cpuMs: this.#cpuMs(), wallMs: performance.now() };
    const polygons = segment?.polygons ?? [];
    return {
      folder,
      image: file,
      prompt,
      iou: intersectionOverUnion(rasterize(polygons, size), mask),
      score: segment?.score ?? 0,
      vertices: polygons.reduce((sum, { vertices }) => sum + vertices.length, 0),
      cpuMs: end.cpuMs - start.cpuMs,
      wallMs: end.wallMs - start.wallMs,
      bare,
    };
  }

  peakBytes(): number {
    return peakBytesOf(this.#worker);
  }

  async close(): Promise<void> {
    this.#bare.disconnect();
    await this.engine.close();
  }

  /** Of this process, which holds the queue, and of the worker. */
  #cpuMs(): number {
    return cpuMsOf(process.pid) + cpuMsOf(this.#worker);
  }

  async #askBare(request: BareRequest): Promise<BareAnswer> {
    this.#bare.send(request);
    const [answer] = (await once(this.#bare, "message")) as [BareAnswer];
    return answer;
  }
}

async function run(data: string, limit: number): Promise<{ measurements: Measurement[]; enginePeakBytes: number }> {
  const folders = readdirSync(data).filter((name) => existsSync(join(data, name, "prompts.json")));
  const items = folders.flatMap((folder) => readItems(join(data, folder), limit).map((item) => ({ folder, item })));
  const contest = new Contest();
  try {
    for (const { folder, item } of items.slice(-WARM_UPS)) await contest.measure(folder, item, "box", "warm-up");
    const measurements: Measurement[] = [];
    for (const [index, { folder, item }] of items.entries()) {
      for (const prompt of PROMPT_NAMES) measurements.push(await contest.measure(folder, item, prompt));
      if (index % 10 === 9) console.error(`${index + 1} of ${items.length} pictures`);
    }
    return { measurements, enginePeakBytes: contest.peakBytes() };
  } finally {
    await contest.close();
  }
}

/** Mean IoU of each folder and prompt. */
function qualityTable(measurements: Measurement[], of: (measurement: Measurement) => number): Record<string, number[]> {
  const folders = [...new Set(measurements.map(({ folder }) => folder))];
  const meanOf = (folder: string, prompt: PromptName): number =>
    mean(measurements.filter((each) => each.folder === folder && each.prompt === prompt).map(of));
  return Object.fromEntries(folders.map((folder) => [folder, PROMPT_NAMES.map((prompt) => meanOf(folder, prompt))]));
}

/** Cost of a new picture (its embedding and the first prompt) and of further prompts on it. */
function costs(measurements: Measurement[]) {
  const isNew = ({ prompt }: Measurement): boolean => prompt === PROMPT_NAMES[0];
  const fresh = measurements.filter(isNew);
  const further = measurements.filter((measurement) => !isNew(measurement));
  const hasOneHint = ({ prompt }: Measurement): boolean => ONE_HINT.includes(prompt);
  const compare = (own: Measurement[], bare: (answer: BareAnswer, key: "cpuMs" | "wallMs") => number) => {
    const cpu = { engine: own.map(({ cpuMs }) => cpuMs), bare: own.map((each) => bare(each.bare, "cpuMs")) };
    const wall = { engine: own.map(({ wallMs }) => wallMs), bare: own.map((each) => bare(each.bare, "wallMs")) };
    return {
      cpuMs: { engine: spread(cpu.engine), bare: spread(cpu.bare) },
      wallMs: { engine: spread(wall.engine), bare: spread(wall.bare) },
      cpuRatio: mean(cpu.engine) / mean(cpu.bare),
    };
  };
  return {
    newPicture: compare(fresh, ({ encode, decode }, key) => encode[key] + decode[key]),
    oneHint: compare(further.filter(hasOneHint), ({ decode }, key) => decode[key]),
    severalHints: compare(
      further.filter((each) => !hasOneHint(each)),
      ({ decode }, key) => decode[key],
    ),
  };
}

/** What of the requirements is not met. */
function shortfalls(quality: Record<string, number[]>, cost: ReturnType<typeof costs>): string[] {
  const tooLow = Object.entries(quality).flatMap(([folder, means]) =>
    means.flatMap((value, index) => {
      const required = REQUIRED_IOU[folder]?.[index] ?? 0;
      return value < required ? [`${folder} ${PROMPT_NAMES[index] ?? ""}: IoU ${value.toFixed(3)} < ${required}`] : [];
    }),
  );
  const tooDear = (["newPicture", "oneHint", "severalHints"] as const)
    .filter((key) => cost[key].cpuRatio > ALLOWED_RATIO[key])
    .map((key) => `${key}: ${cost[key].cpuRatio.toFixed(2)} x the bare loop's CPU > ${ALLOWED_RATIO[key]}`);
  return [...tooLow, ...tooDear];
}

function print(title: string, quality: Record<string, number[]>): void {
  console.log(`\n${title.padEnd(22)}${PROMPT_NAMES.map((name) => name.padStart(10)).join("")}`);
  for (const [folder, means] of Object.entries(quality)) {
    console.log(`${folder.padEnd(22)}${means.map((value) => value.toFixed(3).padStart(10)).join("")}`);
  }
}

function printReliability(folder: string, { correlation, calibrationError, bins }: Reliability): void {
  console.log(`${folder.padEnd(22)} r ${correlation.toFixed(2)}, calibration error ${calibrationError.toFixed(3)}`);
  for (const { from, count, score, iou } of bins) {
    const range = `${from.toFixed(1)}..${(from + 0.1).toFixed(1)}`;
    console.log(
      `  ${range}  ${String(count).padStart(4)} answers, mean score ${score.toFixed(2)}, IoU ${iou.toFixed(2)}`,
    );
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { data: { type: "string" }, limit: { type: "string" } } });
  if (values.data === undefined) throw new Error("Say where the pictures are: --data DIR");
  const limit = values.limit === undefined ? Infinity : Number(values.limit);
  const { measurements, enginePeakBytes } = await run(values.data, limit);

  const quality = qualityTable(measurements, ({ iou }) => iou);
  const bareQuality = qualityTable(measurements, ({ bare }) => bare.iou);
  const cost = costs(measurements);
  const peakMegabytes = {
    engine: Math.round(enginePeakBytes / 1e6),
    bare: Math.round(Math.max(...measurements.map(({ bare }) => bare.peakBytes)) / 1e6),
  };
  print("IoU of the engine", quality);
  print("IoU of the bare loop", bareQuality);
  const trust = Object.fromEntries(
    Object.keys(quality).map((folder) => [folder, reliability(measurements.filter((each) => each.folder === folder))]),
  );
  console.log("\nThe score as expected IoU");
  for (const [folder, each] of Object.entries(trust)) printReliability(folder, each);
  for (const [name, { cpuMs, wallMs, cpuRatio }] of Object.entries(cost)) {
    const line = (label: string, { mean: average, p50, p95 }: ReturnType<typeof spread>): string =>
      `  ${label.padEnd(14)} mean ${average}, p50 ${p50}, p95 ${p95} ms`;
    console.log(`\n${name}: ${cpuRatio.toFixed(2)} x the bare loop's CPU`);
    console.log([line("CPU", cpuMs.engine), line("CPU, bare", cpuMs.bare)].join("\n"));
    console.log([line("wall", wallMs.engine), line("wall, bare", wallMs.bare)].join("\n"));
  }
  console.log(`\npeak memory: worker ${peakMegabytes.engine} MB, bare loop ${peakMegabytes.bare} MB`);

  const missed = shortfalls(quality, cost);
  console.log(missed.length === 0 ? "\nAll requirements are met." : `\nNot met:\n  ${missed.join("\n  ")}`);
  if (missed.length > 0 && limit === Infinity) process.exitCode = 1;

  const folder = join(__dirname, "results");
  mkdirSync(folder, { recursive: true });
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const result = {
    machine,
    limit: values.limit,
    quality,
    bareQuality,
    trust,
    cost,
    peakMegabytes,
    missed,
    measurements,
  };
  writeFileSync(join(folder, "engine.json"), JSON.stringify(result, null, 1));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
