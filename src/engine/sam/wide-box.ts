import type { BoundingBox, Prompt } from "../../api";
import { expectedIouOfWideBox, type Features, type WideBoxCritic } from "../critic/critic";

/** A mask of the decoder, as far as it is judged here. */
interface Judged {
  name: string;
  features: Features;
  score: number;
}

/** If the best mask's expected IoU is below this, the decoder is also given a click on the box's centre. */
const DOUBTFUL = 0.5;
/** The same for a box that covers at least this share of the picture, and so hardly restricts the object. */
const DOUBTFUL_OF_ALL = 0.7;
const NEARLY_ALL = 0.8;
/** A mask of that click must exceed those of the box by this much. */
const MARGIN = 0.1;
/** A box's best mask is alone when its mean IoU with the decoder's other masks is less than this. */
const ALONE = 0.35;
/** A mask of the box with a click on its centre must exceed the one that is alone by this much. */
const MARGIN_OF_BOTH = 0.02;

/**
 * The click on the centre of a prompt that is only a box. For a box much wider than the object SAM tends to segment the
 * background, above all if the box nearly covers the picture; the click then finds the object.
 */
export function centreOfBox({ points = [], boundingBox }: Prompt): Prompt | undefined {
  if (boundingBox === undefined || points.length > 0) return undefined;
  const { xMin, yMin, xMax, yMax } = boundingBox;
  return { points: [{ x: (xMin + xMax) / 2, y: (yMin + yMax) / 2 }] };
}

/**
 * Whether a box's best mask is so doubtful that the box may be too wide; a box without any mask is doubtful, too.
 * @param box undefined counts as one of ordinary size
 */
export function isDoubtful(critic: WideBoxCritic, best: Judged | undefined, box?: BoundingBox): boolean {
  const area = box === undefined ? 0 : (box.xMax - box.xMin) * (box.yMax - box.yMin);
  const enough = area < NEARLY_ALL ? DOUBTFUL : DOUBTFUL_OF_ALL;
  return best === undefined || expectedIouOfWideBox(critic, best.features, best.name) < enough;
}

/**
 * Joins the masks of a box with those of a click on its centre, if one of the latter is clearly better.
 * @param ofBox best first
 * @returns best first: all, with the scores of the critic for wide boxes, or `ofBox` as they are
 */
export function joinCentre<Mask extends Judged>(critic: WideBoxCritic, ofBox: Mask[], ofCentre: Mask[]): Mask[] {
  const judge = (masks: Mask[]): Mask[] =>
    masks.map((mask) => ({ ...mask, score: expectedIouOfWideBox(critic, mask.features, mask.name) }));
  const best = (masks: Mask[]): number => masks.reduce((most, { score }) => Math.max(most, score), 0);
  const [box, centre] = [judge(ofBox), judge(ofCentre)];
  const margin = ofBox.length > 0 ? MARGIN : 0;
  return best(centre) > best(box) + margin ? [...box, ...centre].sort(byScore) : ofBox;
}

/**
 * Whether a box's best mask is unlike all the decoder's others: it may contain more than the object, such as
 * the pipe that a gauge sits on.
 */
export function isAlone(best: Judged | undefined): boolean {
  return best !== undefined && (best.features.agreement ?? 1) < ALONE;
}

/**
 * Joins the masks of a box with those of the same box and a click on its centre, if one of the latter is better.
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
