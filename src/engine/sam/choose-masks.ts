import type { Prompt } from "../../api";
import { expectedIou, promptKind, type CriticModel, type Features } from "../critic/critic";
import { maskFeatures, type FeatureContext } from "../critic/features";
import { agreements, bitIou, toBits } from "../pixels/bit-mask";
import { MASK_SIDE, type DecodedMask } from "./model";
import { centreOfBox, isAlone, isDoubtful, joinBoth, joinCentre } from "./wide-box";

/** Runs the decoder on a prompt, optionally with the logits of an earlier mask to go by. */
export type Decode = (prompt: Prompt, earlierMask?: Float32Array) => Promise<DecodedMask[]>;

/** A mask that the decoder gave, as the critic looks at it. */
export interface MeasuredMask {
  /** The name under which the critic knows the decoder's token. */
  token: string;
  /** Logits as they come out of the decoder, see `DecodedMask`. */
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

/** Rounds in which the best mask is fed back, for prompts of two or more hints; one hint does not gain by it. */
export const FEEDBACK_ROUNDS = 2;

/**
 * Cuts out by SAM: all mask tokens of the decoder are candidates, the critic says how good each is, and for two or more
 * hints the best is fed back twice (SAM's `mask_input`; A. Kirillov et al., "Segment Anything", ICCV 2023). A box whose
 * masks are doubtful may be too wide: then those of a click on its middle are candidates, too. One whose best mask is
 * unlike the others may hold more than the object: then those of the box with that click are.
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
    const ofCentre = measureMasks(await decode(centre), context, prompt, "c");
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
 * Brings the decoder's masks onto the feature grid and measures them; empty ones are left out.
 * @param prompt what the user asked, which may differ from what the decoder was asked
 * @param series how the critic tells the decoder's answers to the prompt ("b") and to a box's middle ("c") apart
 */
export function measureMasks(
  decoded: DecodedMask[],
  context: FeatureContext,
  prompt: Prompt,
  series: "b" | "c" = "b",
): MeasuredMask[] {
  const masks = decoded.map(({ logits }) => binaryMask(logits, context));
  const agreement = agreements(masks.map(toBits), bitIou);
  return decoded.flatMap(({ logits, iou }, index) => {
    const candidate = {
      token: `${series}${index}`,
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
      ? expectedIou(critic, promptKind(prompt), mask.features, mask.token)
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
