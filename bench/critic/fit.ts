import { expectedIou, inputsOf, type CriticModel, type Network, type PromptKind } from "../../src/engine/critic/critic";
import { trainNetwork, type NetworkTraining, type Sample } from "./network";
import type { CandidateRow, OpenExample, PictureRows, PromptRow } from "./rows";

const FOLDS = 5;
/** Boxes that differ by less than this on all sides are taken for the same object under another exposure. */
const SAME_BOX = 0.02;

/** A candidate with the IoU that the critic expects of it. */
export type Judged = CandidateRow & { score: number };

/** What differs from engine to engine. */
export interface EngineFitting {
  /** Name of the rows: two critics may be fitted to the same rows. */
  rows: string;
  shipped: CriticModel;
  /** Makes the candidates. */
  open: OpenExample;
  /** Reduces a prompt's row to what this critic judges. */
  prepare: (row: PromptRow) => PromptRow;
  /** Fits a critic. */
  fit: (pictures: PictureRows[]) => CriticModel;
  /** Chooses as the engine does. */
  choose: (critic: CriticModel, row: PromptRow) => Judged | undefined;
}

export interface Training {
  /** Number of networks for each kind of prompt; they differ by their seeds. */
  networks: number;
  network: NetworkTraining;
  /** The weight of a prompt, by its name. */
  weightOf: (prompt: string) => number;
}

/** The IoU of the candidate chosen for a prompt, with its score, and the IoU of the best candidate. */
export interface Choice {
  set: string;
  prompt: string;
  score: number;
  iou: number;
  best: number;
}

/** Fits networks for each kind of prompt. Every set weighs the same. */
export function fitGroups(pictures: PictureRows[], training: Training): CriticModel {
  const inputs = inputNamesOf(pictures);
  const group = (kind: PromptKind): CriticModel["groups"][PromptKind] => ({
    networks: fitNetworks(pictures, kind, inputs, training),
  });
  return {
    ...inputs,
    groups: { box: group("box"), onePoint: group("onePoint"), severalPoints: group("severalPoints") },
  };
}

export type InputNames = Pick<CriticModel, "featureNames" | "candidateNames">;

/** The names of all features and candidates. */
export function inputNamesOf(pictures: PictureRows[]): InputNames {
  const candidates = pictures.flatMap(({ rows }) => rows.flatMap((row) => row.candidates));
  return {
    featureNames: [...new Set(candidates.flatMap(({ features }) => Object.keys(features)))],
    candidateNames: [...new Set(candidates.map(({ name }) => name))].sort(),
  };
}

/** Fits the networks for one kind of prompt. */
export function fitNetworks(
  pictures: PictureRows[],
  kind: PromptKind,
  inputs: InputNames,
  { networks, network, weightOf }: Training,
): Network[] {
  const samples = samplesOf(pictures, kind, inputs, weightOf);
  return Array.from({ length: networks }, (_, index) => trainNetwork(samples, network, index + 1));
}

/** Candidates with their scores, best first. */
export function judge(critic: CriticModel, kind: PromptKind, candidates: CandidateRow[]): Judged[] {
  return candidates
    .map((candidate) => ({ ...candidate, score: expectedIou(critic, kind, candidate.features, candidate.name) }))
    .sort((a, b) => b.score - a.score);
}

/** Chooses for each picture by a critic fitted without it and without pictures of the same object. */
export function crossValidate(engine: EngineFitting, pictures: PictureRows[]): Choice[] {
  const folds = foldsOf(pictures);
  return Array.from({ length: FOLDS }, (_, fold) => {
    const critic = engine.fit(pictures.filter((picture) => folds.get(picture) !== fold));
    return choices(
      engine,
      critic,
      pictures.filter((picture) => folds.get(picture) === fold),
    );
  }).flat();
}

/** The choices of a critic. */
export function choices(engine: EngineFitting, critic: CriticModel, pictures: PictureRows[]): Choice[] {
  return pictures.flatMap(({ set, rows }) =>
    rows.map((row) => {
      const { iou, score } = engine.choose(critic, row) ?? { iou: 0, score: 0 };
      return { set, prompt: row.prompt, iou, score, best: Math.max(0, ...row.candidates.map((each) => each.iou)) };
    }),
  );
}

function samplesOf(
  pictures: PictureRows[],
  kind: PromptKind,
  names: InputNames,
  weightOf: Training["weightOf"],
): Sample[] {
  const samples = pictures.flatMap(({ set, rows }) =>
    rows
      .filter((row) => row.kind === kind)
      .flatMap(({ prompt, candidates }) =>
        candidates.map((candidate) => ({ set, weight: weightOf(prompt), ...candidate })),
      ),
  );
  const perSet = new Map<string, number>();
  for (const { set, weight } of samples) perSet.set(set, (perSet.get(set) ?? 0) + weight);
  return samples.map(({ set, weight, name, features, iou }) => ({
    inputs: inputsOf(names, features, name),
    target: iou,
    weight: weight / (perSet.get(set) ?? 1),
  }));
}

/** Spreads the pictures over the folds; pictures of one set whose objects have the same box stay together. */
export function foldsOf(pictures: PictureRows[]): Map<PictureRows, number> {
  const folds = new Map<PictureRows, number>();
  let next = 0;
  for (const picture of pictures) {
    const twin = [...folds.keys()].find((other) => other.set === picture.set && sameBox(other.box, picture.box));
    folds.set(picture, (twin && folds.get(twin)) ?? next++ % FOLDS);
  }
  return folds;
}

function sameBox(a: PictureRows["box"], b: PictureRows["box"]): boolean {
  return (["xMin", "yMin", "xMax", "yMax"] as const).every((side) => Math.abs(a[side] - b[side]) < SAME_BOX);
}
