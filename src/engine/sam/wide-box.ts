import type { BoundingBox, Prompt } from "../../api";
import { expectedIouOfWideBox, type Features, type WideBoxCritic } from "../critic/critic";

/** What a mask is judged by. */
interface Judged {
  token: string;
  features: Features;
  score: number;
}

/** Below this expected IoU of the best mask the box's middle is clicked, too. */
const DOUBTFUL = 0.5;
/** The same for a box of at least this share of the picture, which says next to nothing. */
const DOUBTFUL_OF_ALL = 0.7;
const NEARLY_ALL = 0.8;
/** By so much a mask of that click must promise more than those of the box. */
const MARGIN = 0.1;
/** A box's best mask is alone when its mean IoU with the decoder's other masks is less than this. */
const ALONE = 0.35;
/** By so much a mask of the box with a click on its middle must promise more than the one that is alone. */
const MARGIN_OF_BOTH = 0.02;

/**
 * The click on the middle of a prompt that is a box and nothing else. SAM takes a box that is much wider than the object
 * for the ground, above all one that nearly covers the picture; the click finds the object then.
 */
export function centreOfBox({ points = [], boundingBox }: Prompt): Prompt | undefined {
  if (boundingBox === undefined || points.length > 0) return undefined;
  const { xMin, yMin, xMax, yMax } = boundingBox;
  return { points: [{ x: (xMin + xMax) / 2, y: (yMin + yMax) / 2 }] };
}

/**
 * Whether a box's best mask is so doubtful that the box may be too wide; so is a box without any mask.
 * @param box undefined is taken for one of ordinary size
 */
export function isDoubtful(critic: WideBoxCritic, best: Judged | undefined, box?: BoundingBox): boolean {
  const area = box === undefined ? 0 : (box.xMax - box.xMin) * (box.yMax - box.yMin);
  const enough = area < NEARLY_ALL ? DOUBTFUL : DOUBTFUL_OF_ALL;
  return best === undefined || expectedIouOfWideBox(critic, best.features, best.token) < enough;
}

/**
 * Joins the masks of a box with those of a click on its middle, if one of the latter is clearly better.
 * @param ofBox best first
 * @returns best first: all, with the scores of the critic for wide boxes, or `ofBox` as they are
 */
export function joinCentre<Mask extends Judged>(critic: WideBoxCritic, ofBox: Mask[], ofCentre: Mask[]): Mask[] {
  const judge = (masks: Mask[]): Mask[] =>
    masks.map((mask) => ({ ...mask, score: expectedIouOfWideBox(critic, mask.features, mask.token) }));
  const best = (masks: Mask[]): number => masks.reduce((most, { score }) => Math.max(most, score), 0);
  const [box, centre] = [judge(ofBox), judge(ofCentre)];
  const margin = ofBox.length > 0 ? MARGIN : 0;
  return best(centre) > best(box) + margin ? [...box, ...centre].sort(byScore) : ofBox;
}

/**
 * Whether a box's best mask is unlike all others that the decoder gives: then it may hold more than the object, such as
 * the pipe that a gauge sits on.
 */
export function isAlone(best: Judged | undefined): boolean {
  return best !== undefined && (best.features.cons ?? 1) < ALONE;
}

/**
 * Joins the masks of a box with those of the same box and a click on its middle, if one of the latter is better.
 * @param ofBox best first
 * @param ofBoth best first
 * @returns best first
 */
export function joinBoth<Mask extends Judged>(ofBox: Mask[], ofBoth: Mask[]): Mask[] {
  const isBetter = (ofBoth[0]?.score ?? 0) > (ofBox[0]?.score ?? 0) + MARGIN_OF_BOTH;
  return isBetter ? [...ofBox, ...ofBoth].sort(byScore) : ofBox;
}

function byScore(a: Judged, b: Judged): number {
  return b.score - a.score;
}
