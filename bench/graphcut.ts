/**
 * Judges the graphcut engine: IoU of every kind of prompt, the score against the true IoU, and CPU time.
 *
 *   npx tsx bench/graphcut.ts CRITIC.json [--fast] FOLDER[:LIMIT] …     a FOLDER may also be "plain" or "scenes"
 */
import fs from "node:fs";
import { criticSchema, type CriticModel } from "../src/engine/critic/critic";
import { PreparedPicture } from "../src/engine/graphcut/picture";
import { segmentByGraphCut } from "../src/engine/graphcut/segment";
import { iouInPicture, loadSet, MODES, type BenchItem } from "./data";
import { calibration } from "./fit-critic";
import { plainPictures } from "./plain";
import { drawScene } from "./scenes";

interface Result {
  item: string;
  mode: string;
  iou: number;
  score: number;
  ms: number;
}

/** Seeds from here on are no part of the rows that critics are fitted to. */
const BENCH_SEED = 1000;
/** The five prompts that GrabCut's cost is compared on. */
const FIVE = ["box", "b10", "pt1", "pt3_2", "boxpt"];

async function load(source: string): Promise<BenchItem[]> {
  const [folder = "", limit = "1000"] = source.split(":");
  if (folder === "plain") return plainPictures();
  if (folder === "scenes") return Array.from({ length: Number(limit) }, (_, i) => drawScene(BENCH_SEED + i));
  return loadSet(folder, Number(limit));
}

function clock(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function run(items: BenchItem[], critic: CriticModel, fast: boolean): Result[] {
  return items.flatMap((item) => {
    const picture = new PreparedPicture(item.image);
    return MODES.map((mode) => {
      const start = clock();
      const [best] = segmentByGraphCut(picture, item.prompts[mode]!, critic, { fast });
      const ms = clock() - start;
      return {
        item: item.name,
        mode,
        iou: best ? iouInPicture(item, best, best.mask) : 0,
        score: best?.score ?? 0,
        ms,
      };
    });
  });
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function table(results: Result[]): void {
  const row = (name: string, value: (of: Result[]) => string): void =>
    console.log(name.padEnd(10), ...MODES.map((mode) => value(results.filter((r) => r.mode === mode)).padStart(6)));
  row("", (of) => of[0]?.mode ?? "");
  row("IoU", (of) => mean(of.map((r) => r.iou)).toFixed(3));
  row("worst", (of) => Math.min(...of.map((r) => r.iou)).toFixed(2));
  row("≥ .9", (of) => mean(of.map((r) => (r.iou >= 0.9 ? 1 : 0))).toFixed(2));
  row("score", (of) => mean(of.map((r) => r.score)).toFixed(3));
  row("CPU ms", (of) => mean(of.map((r) => r.ms)).toFixed(0));
  const { r, ece } = calibration(results);
  const perPicture = mean(results.filter((each) => FIVE.includes(each.mode)).map((each) => each.ms)) * FIVE.length;
  console.log(
    `r ${r.toFixed(2)}, calibration error ${ece.toFixed(3)}; five prompts of a picture ${perPicture.toFixed(0)} ms`,
  );
}

async function main(args: string[]): Promise<void> {
  const fast = args.includes("--fast");
  const [criticFile, ...sources] = args.filter((arg) => arg !== "--fast");
  if (criticFile === undefined) throw new Error("usage: graphcut CRITIC.json [--fast] FOLDER[:LIMIT] …");
  const critic = criticSchema.parse(JSON.parse(fs.readFileSync(criticFile, "utf8")));
  for (const source of sources) {
    console.log(`\n${source}${fast ? " (fast)" : ""}`);
    const results = run(await load(source), critic, fast);
    table(results);
    if (source !== "plain") continue;
    for (const item of ["coffee", "gauge", "belt"]) {
      const ious = results.filter((each) => each.item === item).map((each) => `${each.mode} ${each.iou.toFixed(3)}`);
      console.log(item.padEnd(8), ious.join("  "));
    }
    table(results.filter((each) => each.item.startsWith("coin")));
  }
}

void main(process.argv.slice(2));
