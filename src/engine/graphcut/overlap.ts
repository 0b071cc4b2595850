import type { RegionFrame } from "./picture";
import type { Proposal } from "./proposals";

/** The mean IoU of each proposal with the others. */
export function agreements(proposals: Proposal[]): number[] {
  const shapes = proposals.map(shapeOf);
  const sums = new Float64Array(shapes.length);
  shapes.forEach((shape, i) => {
    for (let j = 0; j < i; j += 1) {
      const iou = shapeIou(shape, shapes[j]!);
      sums[i]! += iou;
      sums[j]! += iou;
    }
  });
  return Array.from(sums, (sum) => sum / Math.max(1, shapes.length - 1));
}

/** Intersection over union of two masks that may lie on different frames. */
export function proposalIou(a: Proposal, b: Proposal): number {
  return shapeIou(shapeOf(a), shapeOf(b));
}

/** A proposal's mask with what many comparisons need of it. */
interface Shape extends Proposal {
  /** 32 pixels a number. */
  bits: Int32Array;
  area: number;
}

function shapeOf(proposal: Proposal): Shape {
  const { mask } = proposal;
  const bits = new Int32Array(Math.ceil(mask.length / 32));
  let area = 0;
  for (let i = 0; i < mask.length; i += 1) {
    if (!mask[i]) continue;
    bits[i >> 5]! |= 1 << (i & 31);
    area += 1;
  }
  return { ...proposal, bits, area };
}

function shapeIou(a: Shape, b: Shape): number {
  if (a.frame === b.frame) return ratio(commonBits(a.bits, b.bits), a.area, b.area);
  const [finer, coarser] = pixelSize(a.frame) <= pixelSize(b.frame) ? [a, b] : [b, a];
  const areaOther = (coarser.area * pixelSize(coarser.frame)) / pixelSize(finer.frame);
  return ratio(commonPixels(finer, coarser), finer.area, areaOther);
}

function ratio(intersection: number, areaA: number, areaB: number): number {
  return areaA + areaB === 0 ? 0 : intersection / Math.max(intersection, areaA + areaB - intersection);
}

function commonBits(a: Int32Array, b: Int32Array): number {
  let count = 0;
  for (let i = 0; i < a.length; i += 1) count += bitCount(a[i]! & b[i]!);
  return count;
}

/** How many of 32 bits are set (H. Warren, "Hacker's Delight", 5-1). */
function bitCount(bits: number): number {
  const pairs = bits - ((bits >>> 1) & 0x55555555);
  const quads = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((quads + (quads >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
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

/** For each pixel along one axis of `a` the pixel of `b` at the same place, −1 outside. */
function matchingPixels(size: number, axis: "x" | "y", a: RegionFrame, b: RegionFrame): Int32Array {
  const range = ({ window, width, height }: RegionFrame): [number, number, number] =>
    axis === "x" ? [window.xMin, window.xMax, width] : [window.yMin, window.yMax, height];
  const [from, to] = range(a);
  const [otherFrom, otherTo, otherSize] = range(b);
  const match = new Int32Array(size);
  for (let i = 0; i < size; i += 1) {
    const place = (from + ((i + 0.5) / size) * (to - from) - otherFrom) / (otherTo - otherFrom);
    match[i] = place >= 0 && place < 1 ? Math.floor(place * otherSize) : -1;
  }
  return match;
}
