import { expectedIou, type CriticModel, type PromptKind, type WideBoxCritic } from "../../src/engine/critic/critic";
import { isDoubtful, joinCentre } from "../../src/engine/sam/wide-box";
import { trainNetwork, type Network, type Sample } from "./network";
import type { PictureRows, PromptRow } from "./rows";

const NETWORKS = 3;
const FOLDS = 5;
/** Boxes that differ by less than this in all sides are taken for one object under another exposure. */
const SAME_BOX = 0.02;

/** What was chosen for a prompt and how good that and the best candidate were. */
export interface Choice {
  set: string;
  prompt: string;
  score: number;
  iou: number;
  best: number;
}

/**
 * Fits a critic: for each kind of prompt a few networks that differ by their seeds, and those for boxes that may be too
 * wide, which also see the masks of a click on the box's middle. Every set weighs the same.
 */
export function fitCritic(pictures: PictureRows[]): CriticModel {
  const ofPrompt = pictures.map((picture) => ({
    ...picture,
    rows: picture.rows.map((row) => ({ ...row, candidates: row.candidates.filter(isOfPrompt) })),
  }));
  const inputs = inputsOf(ofPrompt);
  const group = (kind: PromptKind): CriticModel["groups"][PromptKind] => ({
    full: fitNetworks(ofPrompt, kind, inputs),
  });
  return {
    ...inputs,
    groups: { box: group("box"), pt1: group("pt1"), pts: group("pts") },
    wideBox: fitWideBox(pictures),
  };
}

/** Fits only the networks for boxes that may be too wide. */
export function fitWideBox(pictures: PictureRows[]): WideBoxCritic {
  const inputs = inputsOf(pictures);
  return { ...inputs, full: fitNetworks(pictures, "box", inputs) };
}

type Inputs = Pick<CriticModel, "FE" | "toks">;

function inputsOf(pictures: PictureRows[]): Inputs {
  const candidates = pictures.flatMap(({ rows }) => rows.flatMap((row) => row.candidates));
  return {
    FE: [...new Set(candidates.flatMap(({ features }) => Object.keys(features)))],
    toks: [...new Set(candidates.map(({ token }) => token))].sort(),
  };
}

function fitNetworks(pictures: PictureRows[], kind: PromptKind, inputs: Inputs): Network[] {
  const samples = samplesOf(pictures, kind, inputs);
  return Array.from({ length: NETWORKS }, (_, index) => trainNetwork(samples, index + 1));
}

/**
 * Chooses for each picture by a critic that was fitted without it and without those that show the same object.
 * @param fit `fitCritic`, or another way to make a critic
 */
export function crossValidate(pictures: PictureRows[], fit: (pictures: PictureRows[]) => CriticModel): Choice[] {
  const folds = foldsOf(pictures);
  return Array.from({ length: FOLDS }, (_, fold) => {
    const critic = fit(pictures.filter((picture) => folds.get(picture) !== fold));
    return choices(
      critic,
      pictures.filter((picture) => folds.get(picture) === fold),
    );
  }).flat();
}

/** What a critic chooses. */
export function choices(critic: CriticModel, pictures: PictureRows[]): Choice[] {
  return pictures.flatMap(({ set, rows }) => rows.map((row) => ({ set, prompt: row.prompt, ...choose(critic, row) })));
}

/** Chooses as `chooseMasks` does. */
function choose(critic: CriticModel, { kind, candidates }: PromptRow): Pick<Choice, "score" | "iou" | "best"> {
  const scored = candidates.map((candidate) => ({
    ...candidate,
    score: isOfPrompt(candidate) ? expectedIou(critic, kind, candidate.features, candidate.token) : 0,
  }));
  const ofCentre = scored.filter((candidate) => !isOfPrompt(candidate));
  const ofPrompt = scored.filter(isOfPrompt).toSorted((a, b) => b.score - a.score);
  const { wideBox } = critic;
  const looksAtCentre = wideBox !== undefined && ofCentre.length > 0 && isDoubtful(wideBox, ofPrompt[0]);
  const [chosen = { iou: 0, score: 0 }] = looksAtCentre ? joinCentre(wideBox, ofPrompt, ofCentre) : ofPrompt;
  return { iou: chosen.iou, score: chosen.score, best: Math.max(0, ...candidates.map(({ iou }) => iou)) };
}

function isOfPrompt({ token }: { token: string }): boolean {
  return token.startsWith("b");
}

function samplesOf(pictures: PictureRows[], kind: PromptKind, { FE, toks }: Inputs): Sample[] {
  const samples = pictures.flatMap(({ set, rows }) =>
    rows
      .filter((row) => row.kind === kind)
      .flatMap((row) => row.candidates.map((candidate) => ({ set, ...candidate }))),
  );
  const perSet = new Map<string, number>();
  for (const { set } of samples) perSet.set(set, (perSet.get(set) ?? 0) + 1);
  return samples.map(({ set, token, features, iou }) => {
    return {
      inputs: [...FE.map((name) => features[name] ?? 0), ...toks.map((name) => (name === token ? 1 : 0))],
      target: iou,
      weight: 1 / (perSet.get(set) ?? 1),
    };
  });
}

/** Spreads the pictures over the folds; pictures of one set whose objects have the same box stay together. */
function foldsOf(pictures: PictureRows[]): Map<PictureRows, number> {
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
