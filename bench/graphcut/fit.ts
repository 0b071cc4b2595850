/**
 * Fits a critic: small networks that tell from a mask's features what IoU to expect.
 *
 *   npx tsx bench/fit-critic.ts OUT.json "what the pictures are" ROWS.jsonl [ROWS.jsonl …]
 *
 * One row is one prompt on one picture: {set, item, group?, weight?, kind: "box" | "pt1" | "pts", mode, c: [{name, v, f} | null]}
 * with, for each candidate mask, its name, its true IoU `v` and its features `f`. Rows of one `group` (else of one
 * `item`) are never split between fitting and testing. Prints the cross-validated choice and calibration, then writes
 * the critic that was fitted on all rows.
 */
import fs from "node:fs";
import { expectedIou, type CriticModel, type Features, type PromptKind } from "../../src/engine/critic/critic";
import { withRelative } from "../../src/engine/critic/relative";
import { trainNetwork, type Sample } from "./network";

interface Candidate {
  name: string;
  v: number;
  f: Features;
}
interface Row {
  set: string;
  item: string;
  group?: string;
  kind: PromptKind;
  mode: string;
  /** How much the prompt counts (1). */
  weight?: number;
  c: (Candidate | null)[];
}

const NETWORKS = 5;
const FOLDS = 5;
const BINS = 10;

function readRows(files: string[]): Row[] {
  return files
    .flatMap((file) =>
      fs
        .readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Row),
    )
    .map(compareCandidates);
}

function compareCandidates(row: Row): Row {
  const present = row.c.filter((candidate) => candidate !== null);
  const features = withRelative(present.map((candidate) => candidate.f));
  return { ...row, c: present.map((candidate, i) => ({ ...candidate, f: features[i]! })) };
}

/** Fits a critic to rows; every set weighs the same. */
function fit(rows: Row[]): CriticModel {
  const present = rows.flatMap((row) => row.c.filter((candidate) => candidate !== null));
  const FE = [...new Set(present.flatMap((candidate) => Object.keys(candidate.f)))];
  const toks = [...new Set(present.map((candidate) => candidate.name))];
  const group = (kind: PromptKind): CriticModel["groups"][PromptKind] => {
    const samples = samplesOf(
      rows.filter((row) => row.kind === kind),
      FE,
      toks,
    );
    return { full: Array.from({ length: NETWORKS }, (_, seed) => trainNetwork(samples, seed + 1)) };
  };
  return { FE, toks, groups: { box: group("box"), pt1: group("pt1"), pts: group("pts") } };
}

function samplesOf(rows: Row[], FE: string[], toks: string[]): Sample[] {
  const perSet = new Map<string, number>();
  for (const row of rows) perSet.set(row.set, (perSet.get(row.set) ?? 0) + row.c.length);
  return rows.flatMap((row) =>
    row.c.flatMap((candidate) =>
      candidate === null
        ? []
        : [
            {
              inputs: [...FE.map((name) => candidate.f[name] ?? 0), ...toks.map((name) => +(name === candidate.name))],
              target: candidate.v,
              weight: (row.weight ?? 1) / perSet.get(row.set)!,
            },
          ],
    ),
  );
}

interface Choice {
  set: string;
  mode: string;
  score: number;
  iou: number;
  best: number;
  name: string;
}

function choose(critic: CriticModel, row: Row): Choice {
  const choice: Choice = { set: row.set, mode: row.mode, score: 0, iou: 0, best: 0, name: "" };
  for (const candidate of row.c) {
    if (candidate === null) continue;
    const score = expectedIou(critic, row.kind, candidate.f, candidate.name);
    if (score > choice.score) Object.assign(choice, { score, iou: candidate.v, name: candidate.name });
    choice.best = Math.max(choice.best, candidate.v);
  }
  return choice;
}

/** Chooses each row's candidate by a critic that was fitted without the row's group. */
function crossValidate(rows: Row[]): Choice[] {
  const groups = [...new Set(rows.map(groupOf))].sort();
  const fold = new Map(groups.map((group, i) => [group, i % FOLDS]));
  return Array.from({ length: FOLDS }, (_, k) => {
    const critic = fit(rows.filter((row) => fold.get(groupOf(row)) !== k));
    return rows.filter((row) => fold.get(groupOf(row)) === k).map((row) => choose(critic, row));
  }).flat();
}

function groupOf(row: Row): string {
  return `${row.set}/${row.group ?? row.item}`;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** Pearson's r of score and IoU, and expected calibration error over ten bins. */
export function calibration(pairs: { score: number; iou: number }[]): { r: number; ece: number } {
  const score = mean(pairs.map((pair) => pair.score));
  const iou = mean(pairs.map((pair) => pair.iou));
  const covariance = mean(pairs.map((pair) => (pair.score - score) * (pair.iou - iou)));
  const variance =
    mean(pairs.map((pair) => (pair.score - score) ** 2)) * mean(pairs.map((pair) => (pair.iou - iou) ** 2));
  let ece = 0;
  for (let bin = 0; bin < BINS; bin += 1) {
    const inBin = pairs.filter((pair) => Math.min(BINS - 1, Math.floor(pair.score * BINS)) === bin);
    ece += (inBin.length / pairs.length) * Math.abs(mean(inBin.map((pair) => pair.score - pair.iou)));
  }
  return { r: covariance / Math.sqrt(variance), ece };
}

function report(choices: Choice[]): void {
  for (const set of new Set(choices.map((choice) => choice.set))) {
    const ofSet = choices.filter((choice) => choice.set === set);
    const { r, ece } = calibration(ofSet);
    console.log(`${set}: r ${r.toFixed(2)}, calibration error ${ece.toFixed(3)}`);
    for (const mode of new Set(ofSet.map((choice) => choice.mode))) {
      const ofMode = ofSet.filter((choice) => choice.mode === mode);
      const column = (key: "iou" | "best" | "score"): string => mean(ofMode.map((choice) => choice[key])).toFixed(3);
      console.log(
        `  ${mode.padEnd(6)} IoU ${column("iou")}  best candidate ${column("best")}  score ${column("score")}`,
      );
    }
  }
}

function rounded(critic: CriticModel): CriticModel {
  return JSON.parse(
    JSON.stringify(critic, (_, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(4)) : value)),
  ) as CriticModel;
}

function main([out, pictures, ...files]: string[]): void {
  if (out === undefined || pictures === undefined || files.length === 0) {
    throw new Error('usage: fit-critic OUT.json "what the pictures are" ROWS.jsonl …');
  }
  const rows = readRows(files);
  report(crossValidate(rows));
  const sets = [...new Set(rows.map((row) => row.set))].map(
    (set) => `${new Set(rows.filter((row) => row.set === set).map((row) => row.item)).size} ${set}`,
  );
  const notice = `Fitted by bench/fit-critic.ts on ${sets.join(", ")} (${pictures}). The scores are calibrated for such pictures.`;
  fs.writeFileSync(out, JSON.stringify({ notice, ...rounded(fit(rows)) }));
}

if (require.main === module) main(process.argv.slice(2));
