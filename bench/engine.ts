/**
 * npm run bench:engine -- --data DIR [--limit N]
 *
 * How well and at what cost the sam engine cuts out, beside a bare loop over the same ONNX files and OpenCV's GrabCut
 * (WebAssembly, 384 pixels, 5 iterations) in the same run. DIR holds folders with `images/`, `masks/` and
 * `prompts.json`; N limits the pictures of each. Prints tables, writes bench/results/engine.json, and fails when a whole
 * run is below what is required. Needs Linux (/proc).
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BASELINES, Contest, type Measurement } from "./support/contest";
import { costs, printCosts, type CostTable } from "./support/costs";
import { PROMPT_NAMES, readItems } from "./support/dataset";
import { meanIou, printQuality, printReliability, shareOfGood, type QualityTable } from "./support/quality";
import { reliability } from "./support/reliability";

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
/** Pictures that are segmented before anything is measured: the first runs of a model are slower. */
const WARM_UPS = 3;

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

/** What of the requirements is not met. */
function shortfalls(quality: QualityTable, cost: CostTable): string[] {
  const tooLow = Object.entries(quality).flatMap(([folder, means]) =>
    means.flatMap((value, index) => {
      const required = REQUIRED_IOU[folder]?.[index] ?? 0;
      return value < required ? [`${folder} ${PROMPT_NAMES[index] ?? ""}: IoU ${value.toFixed(3)} < ${required}`] : [];
    }),
  );
  const tooDear = (["newPicture", "oneHint", "severalHints"] as const).flatMap((kind) => {
    const { cpuRatio } = cost[kind].baselines["bare loop"];
    const allowed = ALLOWED_RATIO[kind];
    return cpuRatio > allowed ? [`${kind}: ${cpuRatio.toFixed(2)} x the bare loop's CPU > ${allowed}`] : [];
  });
  return [...tooLow, ...tooDear];
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { data: { type: "string" }, limit: { type: "string" } } });
  if (values.data === undefined) throw new Error("Say where the pictures are: --data DIR");
  const limit = values.limit === undefined ? Infinity : Number(values.limit);
  const { measurements, enginePeakBytes } = await run(values.data, limit);

  const contestants = [
    { name: "engine", iouOf: ({ iou }: Measurement) => iou, peakBytes: enginePeakBytes },
    ...BASELINES.map((name) => ({
      name,
      iouOf: ({ baselines }: Measurement) => baselines[name].iou,
      peakBytes: Math.max(...measurements.map(({ baselines }) => baselines[name].peakBytes)),
    })),
  ].map(({ name, iouOf, peakBytes }) => ({
    name,
    quality: meanIou(measurements, iouOf),
    good: shareOfGood(measurements, iouOf),
    peakMegabytes: Math.round(peakBytes / 1e6),
  }));
  for (const { name, quality } of contestants) printQuality(`IoU of the ${name}`, quality);
  for (const { name, good } of contestants) printQuality(`IoU >= .90, ${name}`, good);

  const folders = [...new Set(measurements.map(({ folder }) => folder))];
  const trust = Object.fromEntries(
    folders.map((folder) => [folder, reliability(measurements.filter((each) => each.folder === folder))]),
  );
  console.log("\nThe score as expected IoU");
  for (const [folder, each] of Object.entries(trust)) printReliability(folder, each);

  const cost = costs(measurements);
  printCosts(cost);
  console.log("\nPeak memory, MB");
  for (const { name, peakMegabytes } of contestants) console.log(`  ${name.padEnd(10)} ${peakMegabytes}`);

  const missed = shortfalls(contestants[0]?.quality ?? {}, cost);
  console.log(missed.length === 0 ? "\nAll requirements are met." : `\nNot met:\n  ${missed.join("\n  ")}`);
  if (missed.length > 0 && limit === Infinity) process.exitCode = 1;

  const folder = join(__dirname, "results");
  mkdirSync(folder, { recursive: true });
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const result = { machine, limit: values.limit, contestants, trust, cost, missed, measurements };
  writeFileSync(join(folder, "engine.json"), JSON.stringify(result, null, 1));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
