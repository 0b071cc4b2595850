import type { Prompt } from "../../api";
import { expectedIou, promptKind, type CriticModel, type Features } from "../critic/critic";
import type { FeatureContext } from "../critic/feature-context";
import { maskFeatures } from "../critic/features";
import { agreements, bitIou, toBits } from "../pixels/bit-mask";
import { MASK_SIDE, type DecodedMask } from "./model";
import { centreOfBox, isAlone, isDoubtful, joinBoth, joinCentre } from "./wide-box";

/** Runs the decoder on a prompt, optionally starting from the logits of an earlier mask. */
export type Decode = (prompt: Prompt, earlierMask?: Float32Array) => Promise<DecodedMask[]>;

/** A mask of the decoder with the features by which the critic judges it. */
export interface MeasuredMask {
  /** The critic's name for it: what the decoder was given, and the index of the mask token. */
  name: string;
  /** The decoder's logits, see `DecodedMask`. */
  logits: Float32Array;
  /** The mask on the feature grid. */
  mask: Uint8Array;
  /** The decoder's own estimate. */
  predictedIou: number;
  features: Features;
}

/** A mask with the critic's expected IoU (0..1). */
export interface ScoredMask extends MeasuredMask {
  score: number;
}

/** SAM's mask tokens: one for prompts of several hints, three for the whole, a part and a part of that. */
const TOKENS = 4;

/** Rounds in which the best mask is fed back, for prompts of two or more hints; it does not improve one hint. */
export const FEEDBACK_ROUNDS = 2;

/**
 * Chooses among SAM's masks: all mask tokens of the decoder are candidates, the critic says how good each is, and for two or more
 * hints the best is fed back twice (SAM's `mask_input`; A. Kirillov et al., "Segment Anything", ICCV 2023). A box whose
 * masks are doubtful may be too wide: then the masks of a click on its centre are candidates, too. A box whose best mask
 * is unlike the others may contain more than the object: then the masks of the box with that click are candidates.
 * @param context the picture on the grid of the mask's valid part
 * @param critic knows SAM's four tokens; of a decoder that gives another number of masks the predicted IoU is the score
 * @returns the candidates of all rounds, best first; empty when every mask is empty
 */
export async function chooseMasks(
  decode: Decode,
  context: FeatureContext,
  critic: CriticModel,
  prompt: Prompt,
): Promise<ScoredMask[]> {
  const hints = (prompt.points?.length ?? 0) + (prompt.boundingBox ? 1 : 0);
  const decoded = await decode(prompt);
  const judge = decoded.length === TOKENS ? critic : undefined;
  const rounds = judge && hints >= 2 ? FEEDBACK_ROUNDS : 0;
  const found = scoreMasks(decoded, context, judge, prompt);
  let current = found[0];
  for (let round = 0; round < rounds && current; round += 1) {
    const again = scoreMasks(await decode(prompt, current.logits), context, judge, prompt);
    found.push(...again);
    current = again[0];
  }
  const centre = centreOfBox(prompt);
  if (judge?.wideBox === undefined || centre === undefined) return found.sort((a, b) => b.score - a.score);
  if (isDoubtful(judge.wideBox, current, prompt.boundingBox)) {
    const ofCentre = measureMasks(await decode(centre), context, prompt, "centre");
    return joinCentre(
      judge.wideBox,
      found,
      ofCentre.map((mask) => ({ ...mask, score: 0 })),
    );
  }
  if (!isAlone(current)) return found;
  const both = { ...prompt, ...centre };
  return joinBoth(found, scoreMasks(await decode(both), context, judge, both));
}

/**
 * Resamples the decoder's masks to the feature grid and measures them; empty ones are left out.
 * @param prompt the user's, which may differ from the one that the decoder was given
 * @param series whether the decoder was given the prompt or the centre of its box: a part of the critic's names
 */
export function measureMasks(
  decoded: DecodedMask[],
  context: FeatureContext,
  prompt: Prompt,
  series: "prompt" | "centre" = "prompt",
): MeasuredMask[] {
  const masks = decoded.map(({ logits }) => binaryMask(logits, context));
  const agreement = agreements(masks.map(toBits), bitIou);
  return decoded.flatMap(({ logits, iou }, index) => {
    const candidate = {
      name: `${series}-${index}`,
      logits,
      mask: masks[index]!,
      predictedIou: iou,
      stability: stability(logits),
      agreement: agreement[index]!,
    };
    const features = maskFeatures(context, prompt, candidate);
    return features ? [{ ...candidate, features: { ...features } }] : [];
  });
}

function scoreMasks(
  decoded: DecodedMask[],
  context: FeatureContext,
  critic: CriticModel | undefined,
  prompt: Prompt,
): ScoredMask[] {
  const scored = measureMasks(decoded, context, prompt).map((mask) => ({
    ...mask,
    score: critic
      ? expectedIou(critic, promptKind(prompt), mask.features, mask.name)
      : Math.min(1, Math.max(0, mask.predictedIou)),
  }));
  return scored.sort((a, b) => b.score - a.score);
}

/** The logits' valid part as a mask on the feature grid. */
function binaryMask(logits: Float32Array, { width, height }: FeatureContext): Uint8Array {
  const mask = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0, cell = y * MASK_SIDE; x < width; x += 1, i += 1, cell += 1) mask[i] = Number(logits[cell]! > 0);
  }
  return mask;
}

/** Area of logits > 1 over area of logits > −1: how little the mask depends on its threshold. */
function stability(logits: Float32Array): number {
  let strict = 0;
  let loose = 0;
  for (let i = 0; i < logits.length; i += 1) {
    strict += Number(logits[i]! > 1);
    loose += Number(logits[i]! > -1);
  }
  return loose === 0 ? 0 : strict / loose;
}
