/**
 * npm run bench:engine -- --data DIR [--engine sam|graphcut|both] [--limit N]
 *
 * Measures quality and cost of the engines, graphcut also in its fast form, beside a bare loop over the ONNX files of sam
 * and OpenCV's GrabCut (WebAssembly, 384 pixels, 5 iterations) in the same run. DIR holds folders with `images/`,
 * `masks/` and `prompts.json`; N limits the pictures of each. Prints tables, writes bench/results/engine.json, and fails
 * when a whole run misses a requirement. Costs, scores and requirements are those of five prompts a picture; for four
 * careless ones (boxes that are much too wide, a click off the centre) only the quality is reported. Needs Linux (/proc).
 *
 * The shipped critics were fitted on pictures of these folders, too. `npm run bench:fit-critic` reports their choices on
 * pictures that they have not seen.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  BASELINE_NAMES,
  Contest,
  ENGINE_NAMES,
  type BaselineName,
  type ContestantName,
  type EngineName,
  type Measurement,
} from "./support/contest";
import { costs, cpuRatio, printCosts, type CostKind, type CostTable } from "./support/costs";
import { CARELESS_PROMPT_NAMES, PROMPT_NAMES, readItems, type AnyPromptName } from "../tools/dataset";
import { meanIou, printQuality, printReliability, shareOfGood } from "./support/quality";
import { reliability, type Reliability } from "./support/reliability";

const CONTESTANTS: Partial<Record<string, ContestantName[]>> = {
  sam: ["sam", ...BASELINE_NAMES],
  graphcut: ["graphcut", "graphcut fast", "GrabCut"],
  both: [...ENGINE_NAMES, ...BASELINE_NAMES],
};

/** Mean IoU that an engine must reach on these folders, in the order of PROMPT_NAMES. */
const REQUIRED_IOU: Partial<Record<ContestantName, Partial<Record<string, number[]>>>> = {
  sam: { photos: [0.88, 0.8, 0.74, 0.87, 0.89], defects: [0.76, 0.72, 0.41, 0.68, 0.78] },
  graphcut: { photos: [0.81, 0.74, 0.7, 0.755, 0.81], defects: [0.73, 0.69, 0.4, 0.42, 0.73] },
};
/** How well the scores of these engines must predict the IoU on this folder. */
const RELIABLE = { engines: ["sam", "graphcut"], folder: "photos", correlation: 0.7, calibrationError: 0.05 };
/** Limits of the CPU over a baseline's. Prompts of several hints run sam's decoder three times. */
const ALLOWED_RATIOS: { engine: EngineName; kind: CostKind; baseline: BaselineName; ratio: number }[] = [
  { engine: "sam", kind: "picture", baseline: "bare loop", ratio: 1.05 },
  { engine: "sam", kind: "oneHint", baseline: "bare loop", ratio: 1.5 },
  { engine: "sam", kind: "severalHints", baseline: "bare loop", ratio: 4.5 },
  { engine: "graphcut", kind: "allPrompts", baseline: "GrabCut", ratio: 1 / 2 },
  { engine: "graphcut fast", kind: "allPrompts", baseline: "GrabCut", ratio: 1 / 4 },
];
/** Pictures that are segmented before anything is measured: the first runs of a model are slower. */
const WARM_UPS = 3;

async function run(names: ContestantName[], data: string, limit: number) {
  const folders = readdirSync(data).filter((name) => existsSync(join(data, name, "prompts.json")));
  const items = folders.flatMap((folder) => readItems(join(data, folder), limit).map((item) => ({ folder, item })));
  const contest = new Contest(names);
  try {
    for (const { folder, item } of items.slice(-WARM_UPS)) await contest.measure(folder, item, "box", "warm-up");
    const measurements: Measurement[] = [];
    for (const [index, { folder, item }] of items.entries()) {
      for (const prompt of [...PROMPT_NAMES, ...CARELESS_PROMPT_NAMES])
        measurements.push(...(await contest.measure(folder, item, prompt)));
      if (index % 10 === 9) console.error(`${index + 1} of ${items.length} pictures`);
    }
    return { measurements, peakBytes: contest.peakBytes() };
  } finally {
    await contest.close();
  }
}

/** A contestant's tables of quality, and for each folder how well its score predicts the IoU, if it gives one. */
function judge(measurements: Measurement[]) {
  const scored = measurements
    .filter(isRequired)
    .flatMap(({ folder, iou, score }) => (score === undefined ? [] : [{ folder, iou, score }]));
  const folders = [...new Set(scored.map(({ folder }) => folder))];
  const trust: Record<string, Reliability> = Object.fromEntries(
    folders.map((folder) => [folder, reliability(scored.filter((each) => each.folder === folder))]),
  );
  return {
    quality: meanIou(measurements, PROMPT_NAMES),
    careless: meanIou(measurements, CARELESS_PROMPT_NAMES),
    good: shareOfGood(measurements, PROMPT_NAMES),
    trust,
  };
}

/** Whether it is of a prompt with requirements. */
function isRequired({ prompt }: Measurement): boolean {
  return PROMPT_NAMES.some((name: AnyPromptName) => name === prompt);
}
type Judgement = ReturnType<typeof judge> & { name: ContestantName };

/** The requirements that are not met. */
function shortfalls(judgements: Judgement[], cost: CostTable): string[] {
  const tooLow = judgements.flatMap(({ name, quality }) =>
    Object.entries(quality.folders).flatMap(([folder, means]) =>
      means.flatMap((value, index) => {
        const required = REQUIRED_IOU[name]?.[folder]?.[index] ?? 0;
        const prompt = PROMPT_NAMES[index] ?? "";
        return value < required ? [`${name}, ${folder}, ${prompt}: IoU ${value.toFixed(3)} < ${required}`] : [];
      }),
    ),
  );
  const unreliable = judgements.flatMap(({ name, trust }) => {
    const measured = RELIABLE.engines.includes(name) ? trust[RELIABLE.folder] : undefined;
    if (measured === undefined) return [];
    const { correlation, calibrationError } = measured;
    const isReliable = correlation >= RELIABLE.correlation && calibrationError <= RELIABLE.calibrationError;
    const found = `r ${correlation.toFixed(3)}, calibration error ${calibrationError.toFixed(3)}`;
    return isReliable ? [] : [`${name}, score on ${RELIABLE.folder}: ${found}`];
  });
  const tooDear = ALLOWED_RATIOS.flatMap(({ engine, kind, baseline, ratio }) => {
    const measured = cpuRatio(cost, kind, engine, baseline);
    return measured > ratio ? [`${engine}, ${kind}: ${measured.toFixed(2)} x the CPU of ${baseline} > ${ratio}`] : [];
  });
  return [...tooLow, ...unreliable, ...tooDear];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { data: { type: "string" }, engine: { type: "string", default: "both" }, limit: { type: "string" } },
  });
  const names = CONTESTANTS[values.engine];
  if (values.data === undefined) throw new Error("Say where the pictures are: --data DIR");
  if (names === undefined) throw new Error("Say what is measured: --engine sam, graphcut or both");
  const limit = values.limit === undefined ? Infinity : Number(values.limit);
  const { measurements, peakBytes } = await run(names, values.data, limit);

  const measurementsOf = (name: ContestantName): Measurement[] =>
    measurements.filter(({ contestant }) => contestant === name);
  const judgements = names.map((name) => ({ name, ...judge(measurementsOf(name)) }));
  for (const { name, quality } of judgements) printQuality(`IoU, ${name}`, quality);
  for (const { name, careless } of judgements) printQuality(`IoU, ${name}`, careless);
  for (const { name, good } of judgements) printQuality(`IoU >= .90, ${name}`, good);
  for (const { name, trust } of judgements) {
    if (Object.keys(trust).length > 0) console.log(`\nThe score of ${name} as expected IoU`);
    for (const [folder, each] of Object.entries(trust)) printReliability(folder, each);
  }
  const cost: CostTable = Object.fromEntries(
    names.map((name) => [name, costs(measurementsOf(name).filter(isRequired))]),
  );
  printCosts(cost);
  console.log("\nPeak memory, MB");
  for (const name of names) console.log(`  ${name.padEnd(13)} ${Math.round((peakBytes[name] ?? 0) / 1e6)}`);

  const missed = shortfalls(judgements, cost);
  console.log(missed.length === 0 ? "\nAll requirements are met." : `\nNot met:\n  ${missed.join("\n  ")}`);
  if (missed.length > 0 && limit === Infinity) process.exitCode = 1;

  const folder = join(__dirname, "results");
  mkdirSync(folder, { recursive: true });
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const result = { machine, limit: values.limit, judgements, cost, peakBytes, missed, measurements };
  writeFileSync(join(folder, "engine.json"), JSON.stringify(result, null, 1));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
