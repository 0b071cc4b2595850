/**
 * npm run bench:fit-critic -- --engine sam|graphcut|graphcut-fast --data DIR [--out FILE] [--scenes N]
 *
 * Fits an engine's critic (src/engine/critic): small networks that predict the IoU of a mask from its features. DIR
 * holds folders with `images/`, `masks/` and `prompts.json`, see tools/dataset.ts; N pictures of drawn parts are
 * added (80). Prints the choices of the shipped critic and of one that was fitted without the picture, and writes the
 * critic that was fitted on all pictures to FILE.
 *
 * The engine's masks and features are kept in bench/results/critic-rows-….jsonl, so that a second run takes a few minutes.
 * Delete that file when features, prompts, masks, weights or the engine have changed.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { CriticModel } from "../src/engine/critic/critic";
import { exampleSources } from "./critic/examples";
import { choices, crossValidate, type Choice, type EngineFitting } from "./critic/fit";
import { GRAPHCUT, GRAPHCUT_FAST } from "./critic/graphcut";
import { RowFile, type PictureRows } from "./critic/rows";
import { SAM } from "./critic/sam";
import { reliability } from "./support/reliability";
import { mean } from "../tools/statistics";

const RESULTS = join(__dirname, "results");
const ENGINES: Partial<Record<string, EngineFitting>> = {
  sam: SAM,
  graphcut: GRAPHCUT,
  "graphcut-fast": GRAPHCUT_FAST,
};

async function measure(file: RowFile, data: string, scenes: number): Promise<PictureRows[]> {
  const sources = exampleSources(data, scenes);
  const pictures: PictureRows[] = [];
  for (const source of sources) {
    pictures.push(await file.rowsOf(source));
    if (pictures.length % 20 === 0) console.error(`${pictures.length} of ${sources.length} pictures`);
  }
  return pictures;
}

function print(title: string, all: Choice[]): void {
  console.log(`\n${title}`);
  for (const set of new Set(all.map((choice) => choice.set))) {
    const ofSet = all.filter((choice) => choice.set === set);
    const { correlation, calibrationError } = reliability(ofSet);
    console.log(`${set}: r ${correlation.toFixed(2)}, calibration error ${calibrationError.toFixed(3)}`);
    for (const prompt of new Set(ofSet.map((choice) => choice.prompt))) {
      const ofPrompt = ofSet.filter((choice) => choice.prompt === prompt);
      const column = (key: "iou" | "best" | "score"): string => mean(ofPrompt.map((each) => each[key])).toFixed(3);
      console.log(
        `  ${prompt.padEnd(34)} IoU ${column("iou")}, best candidate ${column("best")}, score ${column("score")}`,
      );
    }
  }
}

/** Fewer digits: enough for the critic, and a readable file. */
function rounded(critic: CriticModel): unknown {
  return JSON.parse(
    JSON.stringify(critic, (_, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(4)) : value)),
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      engine: { type: "string" },
      data: { type: "string" },
      out: { type: "string" },
      scenes: { type: "string", default: "80" },
    },
  });
  const { engine: name = "", data, out = join(RESULTS, `critic-${name}.json`) } = values;
  const engine = ENGINES[name];
  if (engine === undefined)
    throw new Error("Name the engine whose critic is fitted: --engine sam, graphcut or graphcut-fast");
  if (data === undefined) throw new Error("Say where the pictures are: --data DIR");
  const file = new RowFile(join(RESULTS, `critic-rows-${engine.rows}.jsonl`), engine.open);
  const measured = await measure(file, data, Number(values.scenes));
  const pictures = measured.map((picture) => ({ ...picture, rows: picture.rows.map(engine.prepare) }));
  print("The shipped critic", choices(engine, engine.shipped, pictures));
  print("A critic that was fitted without the picture", crossValidate(engine, pictures));
  writeFileSync(out, JSON.stringify(rounded(engine.fit(pictures)), null, 1));
  console.log(`\nThe critic that was fitted on all pictures is in ${out}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
