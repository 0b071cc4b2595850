import type { BoundingBox } from "../../api";
import type { LabImage } from "../pixels/lab";
import { isOnContour } from "../pixels/mask";
import { chromaFactor } from "../pixels/shade";
import type { FeatureContext } from "./feature-context";
import { Hull } from "./hull";

/** Further features, of a mask's contour: whether it follows an edge, or only the box of the prompt. */
export interface ContourFeatures {
  /** Mean difference of the colours just inside and just outside the contour; 1 is a clear edge. */
  colourStep: number;
  /** Share of the contour where that difference is too small to see: the blind part. */
  blindShare: number;
  /** Log of the spread of the colours just outside, over the difference: > 0 where the background is as busy. */
  groundBusyness: number;
  /** Mean difference of chroma relative to lightness, in the same unit: low on the contour of a shadow. */
  chromaStep: number;
  /** Share of the convex hull's area that the mask fills. */
  solidity: number;
  /** Share of the contour that follows the box's border, and share that does so in its blind part. */
  onBox?: number;
  blindOnBox?: number;
  /** Blind contour along one side of the box over the side's length: the greatest of the four. */
  blindSide?: number;
  /** Distance of the centre of the mask's bounds from the box's centre, over the box's size. */
  offCentre?: number;
}

/** Half the side of the window (pixels) in which both sides of the contour are compared. */
const RADIUS = 4;
const CLEAR_STEP = 30;
const BLIND_STEP = 7;
/** Contour this close to the box's border (pixels) follows it. */
const NEAR_BOX = 2.5;

/**
 * Measures the contour of a mask.
 * @param box in fractions of the picture of `image`
 * @returns undefined for a mask without a contour
 */
export function contourFeatures(
  image: LabImage,
  { width, height }: FeatureContext,
  mask: Uint8Array,
  box?: BoundingBox,
): ContourFeatures | undefined {
  const sides = new BoxSides(width, height, box);
  let count = 0;
  let area = 0;
  let step = 0;
  let blind = 0;
  let spread = 0;
  let tint = 0;
  const hull = new Hull();
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      if (!mask[i]) continue;
      sides.extend(x, y);
      area += 1;
      if (!isOnContour(mask, width, height, x, y)) continue;
      const { difference, deviation, chroma } = compareSides(image, mask, x, y);
      hull.add(x, y);
      tint += Math.min(2, chroma / CLEAR_STEP);
      count += 1;
      step += Math.min(2, difference / CLEAR_STEP);
      spread += deviation;
      if (difference < BLIND_STEP) blind += 1;
      sides.add(x, y, difference < BLIND_STEP);
    }
  }
  if (count === 0) return undefined;
  return {
    colourStep: step / count,
    blindShare: blind / count,
    groundBusyness: Math.log((spread / count + 1) / ((step / count) * CLEAR_STEP + 1)),
    chromaStep: tint / count,
    solidity: area / Math.max(area, hull.area()),
    ...(box ? sides.features(count) : {}),
  };
}

/** Compares the colours of both sides of the contour in a window around a pixel. */
function compareSides(
  { width, height, l, a, b, gain }: LabImage,
  mask: Uint8Array,
  x: number,
  y: number,
): { difference: number; deviation: number; chroma: number } {
  const sums = [0, 0, 0, 0, 0, 0, 0, 0];
  let squares = 0;
  for (let v = Math.max(0, y - RADIUS); v <= Math.min(height - 1, y + RADIUS); v += 2) {
    for (let u = Math.max(0, x - RADIUS); u <= Math.min(width - 1, x + RADIUS); u += 2) {
      const i = v * width + u;
      const side = mask[i] ? 0 : 4;
      sums[side]! += l[i]!;
      sums[side + 1]! += a[i]!;
      sums[side + 2]! += b[i]!;
      sums[side + 3]! += 1;
      if (side) squares += l[i]! * l[i]!;
    }
  }
  const inside = sums[3]!;
  const outside = sums[7]!;
  if (inside === 0 || outside === 0) return { difference: 0, deviation: 0, chroma: 0 };
  const mean = (at: number): number => sums[at]! / (at < 4 ? inside : outside);
  const [inner, outer] = [chromaFactor(mean(0) / gain), chromaFactor(mean(4) / gain)];
  return {
    chroma: Math.hypot(inner * mean(1) - outer * mean(5), inner * mean(2) - outer * mean(6)),
    difference: Math.hypot(mean(0) - mean(4), mean(1) - mean(5), mean(2) - mean(6)),
    deviation: Math.sqrt(Math.max(0, squares / outside - mean(4) ** 2)),
  };
}

/** Counts the contour that follows a box's four sides. */
class BoxSides {
  private readonly edges: number[];
  private readonly lengths: number[];
  private readonly bounds = [Infinity, Infinity, -Infinity, -Infinity];
  private readonly blind = [0, 0, 0, 0];
  private near = 0;

  constructor(width: number, height: number, box?: BoundingBox) {
    const { xMin, yMin, xMax, yMax } = box ?? { xMin: 0, yMin: 0, xMax: 0, yMax: 0 };
    this.edges = [xMin * width, yMin * height, xMax * width, yMax * height];
    const across = Math.max(1, (xMax - xMin) * width);
    const down = Math.max(1, (yMax - yMin) * height);
    this.lengths = [down, across, down, across];
  }

  /** Widens the bounds of the mask by a pixel. */
  extend(x: number, y: number): void {
    const { bounds } = this;
    if (x < bounds[0]!) bounds[0] = x;
    if (y < bounds[1]!) bounds[1] = y;
    if (x + 1 > bounds[2]!) bounds[2] = x + 1;
    if (y + 1 > bounds[3]!) bounds[3] = y + 1;
  }

  add(x: number, y: number, blind: boolean): void {
    let followed = false;
    for (let side = 0; side < 4; side += 1) {
      const distance = Math.abs((side % 2 === 0 ? x + 0.5 : y + 0.5) - this.edges[side]!);
      if (distance > NEAR_BOX) continue;
      followed = true;
      if (blind) this.blind[side]! += 1;
    }
    if (followed) this.near += 1;
  }

  features(contour: number): Required<Pick<ContourFeatures, "onBox" | "blindOnBox" | "blindSide" | "offCentre">> {
    const { bounds, edges, lengths } = this;
    const off = (side: 0 | 1): number =>
      Math.abs(bounds[side]! + bounds[side + 2]! - edges[side]! - edges[side + 2]!) / 2 / lengths[1 - side]!;
    return {
      onBox: this.near / contour,
      blindOnBox: this.blind.reduce((sum, count) => sum + count, 0) / contour,
      blindSide: Math.max(...this.blind.map((count, side) => Math.min(1, count / lengths[side]!))),
      offCentre: Math.hypot(off(0), off(1)),
    };
  }
}
