/**
 * npm run bench:fit-critic -- --data DIR [--out FILE] [--scenes N] [--only-wide-box]
 *
 * Fits the critic of the sam engine (src/engine/critic): small networks that tell from a mask's features what IoU to
 * expect. DIR holds folders with `images/`, `masks/` and `prompts.json`, see bench/support/dataset.ts; N pictures of
 * drawn parts are added (80). Prints what the shipped critic chooses and what one chooses that was fitted without the
 * picture, and writes the critic that was fitted on all of them to FILE. With --only-wide-box the networks of the
 * shipped critic stay, and only those for boxes that may be too wide are fitted (src/engine/sam/wide-box.ts).
 *
 * What the model answers is kept in bench/results/critic-rows.jsonl, so that a second run takes a few minutes. Delete
 * that file when features, prompts, masks or weights have changed.
 */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { criticSchema, type CriticModel } from "../src/engine/critic/critic";
import shipped from "../src/engine/critic/critic-sam.json";
import { locateSam } from "../src/engine/sam/locate";
import { SamModel } from "../src/engine/sam/model";
import { choices, crossValidate, fitCritic, fitWideBox, type Choice } from "./critic/fit";
import { drawExample, readExample, RowFile, type PictureRows } from "./critic/rows";
import { BENCH_DATA_DIR, readItems } from "./support/dataset";
import { reliability } from "./support/reliability";
import { mean } from "./support/statistics";

const RESULTS = join(__dirname, "results");
const DRAWN = "drawn";
const FIRST_SEED = 1000;

async function measure(data: string, scenes: number, critic: CriticModel): Promise<PictureRows[]> {
  let model: Promise<SamModel> | undefined;
  const openModel = (): Promise<SamModel> =>
    (model ??= SamModel.load(locateSam({ dataDir: BENCH_DATA_DIR }), { threads: 1, log: console.error }));
  const file = new RowFile(join(RESULTS, "critic-rows.jsonl"), openModel, critic);
  const folders = readdirSync(data).filter((name) => existsSync(join(data, name, "prompts.json")));
  const wanted = [
    ...folders.flatMap((set) =>
      readItems(join(data, set), Infinity).map((item) => ({
        set,
        name: basename(item.file),
        read: () => readExample(set, item),
      })),
    ),
    ...Array.from({ length: scenes }, (_, index) => {
      const name = `scene-${FIRST_SEED + index}`;
      return { set: DRAWN, name, read: () => drawExample(DRAWN, name, FIRST_SEED + index) };
    }),
  ];
  const pictures: PictureRows[] = [];
  for (const { set, name, read } of wanted) {
    pictures.push(await file.rowsOf(set, name, read));
    if (pictures.length % 20 === 0) console.error(`${pictures.length} of ${wanted.length} pictures`);
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
        `  ${prompt.padEnd(16)} IoU ${column("iou")}, best candidate ${column("best")}, score ${column("score")}`,
      );
    }
  }
}

/** Enough digits for the critic, and a file that can be read. */
function rounded(critic: CriticModel): unknown {
  return JSON.parse(
    JSON.stringify(critic, (_, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(4)) : value)),
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      out: { type: "string" },
      scenes: { type: "string", default: "80" },
      "only-wide-box": { type: "boolean", default: false },
    },
  });
  if (values.data === undefined) throw new Error("Say where the pictures are: --data DIR");
  const critic = criticSchema.parse(shipped);
  const pictures = await measure(values.data, Number(values.scenes), critic);
  const fit = values["only-wide-box"]
    ? (some: PictureRows[]): CriticModel => ({ ...critic, wideBox: fitWideBox(some) })
    : fitCritic;
  print("The shipped critic", choices(critic, pictures));
  print("A critic that was fitted without the picture", crossValidate(pictures, fit));
  const out = values.out ?? join(RESULTS, "critic-sam.json");
  writeFileSync(out, JSON.stringify(rounded(fit(pictures)), null, 1));
  console.log(`\nThe critic that was fitted on all pictures is in ${out}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
