import { agreements, bitIou, ratio, toBits, type BitMask } from "../pixels/bit-mask";
import type { RegionFrame } from "./picture";
import type { Proposal } from "./proposals";

/** The mean IoU of each proposal with the others. */
export function proposalAgreements(proposals: Proposal[]): number[] {
  return agreements(proposals.map(shapeOf), shapeIou);
}

/** Intersection over union of two masks that may be on different frames. */
export function proposalIou(a: Proposal, b: Proposal): number {
  return shapeIou(shapeOf(a), shapeOf(b));
}

/** A proposal's mask, ready for many comparisons. */
type Shape = Proposal & BitMask;

function shapeOf(proposal: Proposal): Shape {
  return { ...proposal, ...toBits(proposal.mask) };
}

function shapeIou(a: Shape, b: Shape): number {
  if (a.frame === b.frame) return bitIou(a, b);
  const [finer, coarser] = pixelSize(a.frame) <= pixelSize(b.frame) ? [a, b] : [b, a];
  const areaOther = (coarser.area * pixelSize(coarser.frame)) / pixelSize(finer.frame);
  return ratio(commonPixels(finer, coarser), finer.area, areaOther);
}

/** Pixels of `a` that `b` has too, from every second row and column. */
function commonPixels(a: Shape, b: Shape): number {
  const column = matchingPixels(a.frame.width, "x", a.frame, b.frame);
  const row = matchingPixels(a.frame.height, "y", a.frame, b.frame);
  let count = 0;
  for (let y = 0; y < a.frame.height; y += 2) {
    if (row[y]! < 0) continue;
    const own = y * a.frame.width;
    const other = row[y]! * b.frame.width;
    for (let x = 0; x < a.frame.width; x += 2) {
      if (a.mask[own + x] && column[x]! >= 0) count += b.mask[other + column[x]!]!;
    }
  }
  return 4 * count;
}

/** The share of the picture that a pixel of a frame covers. */
function pixelSize({ window, width, height }: RegionFrame): number {
  return ((window.xMax - window.xMin) / width) * ((window.yMax - window.yMin) / height);
}

/** For each pixel along one axis of `a`, the pixel of `b` at the same position; −1 outside. */
function matchingPixels(size: number, axis: "x" | "y", a: RegionFrame, b: RegionFrame): Int32Array {
  const range = ({ window, width, height }: RegionFrame): [number, number, number] =>
    axis === "x" ? [window.xMin, window.xMax, width] : [window.yMin, window.yMax, height];
  const [from, to] = range(a);
  const [otherFrom, otherTo, otherSize] = range(b);
  const match = new Int32Array(size);
  for (let i = 0; i < size; i += 1) {
    const position = (from + ((i + 0.5) / size) * (to - from) - otherFrom) / (otherTo - otherFrom);
    match[i] = position >= 0 && position < 1 ? Math.floor(position * otherSize) : -1;
  }
  return match;
}
