import { HISTOGRAM_BINS, type FeatureContext } from "./feature-context";
import type { MaskShape } from "./mask-shape";

/** Width of the ring around a mask as a share of the picture's long side. */
const RING = 0.06;

/** By how much the colours of a mask differ from those around it: 0 = the same colours, 1 = no colour in common. */
export interface ColourSeparation {
  /** From a ring around the mask. */
  ringSeparation: number;
  /** From the rest of the picture. */
  pictureSeparation: number;
}

/** Compares histograms of colours by 1 − their Bhattacharyya coefficient. */
export function colourSeparation(context: FeatureContext, mask: Uint8Array, shape: MaskShape): ColourSeparation {
  const { width, height, colourBin, colourCounts } = context;
  const radius = Math.max(4, Math.round(RING * Math.max(width, height)));
  const area = {
    left: Math.max(0, shape.left - radius),
    right: Math.min(width - 1, shape.right + radius),
    top: Math.max(0, shape.top - radius),
    bottom: Math.min(height - 1, shape.bottom + radius),
  };
  const near = dilate(mask, width, area, radius);
  const inside = new Int32Array(HISTOGRAM_BINS);
  const ring = new Int32Array(HISTOGRAM_BINS);
  for (let y = area.top; y <= area.bottom; y += 1) {
    for (let i = y * width + area.left, end = y * width + area.right; i <= end; i += 1) {
      if (mask[i]) inside[colourBin[i]!]! += 1;
      else if (near[i]) ring[colourBin[i]!]! += 1;
    }
  }
  const rest = colourCounts.map((count, bin) => count - inside[bin]!);
  return { ringSeparation: separation(inside, ring), pictureSeparation: separation(inside, rest) };
}

/** 1 − the Bhattacharyya coefficient of two histograms; 0 when the second is empty. */
function separation(a: Int32Array, b: Int32Array): number {
  let [sumA, sumB, coefficient] = [0, 0, 0];
  for (let bin = 0; bin < a.length; bin += 1) {
    sumA += a[bin]!;
    sumB += b[bin]!;
    coefficient += Math.sqrt(a[bin]! * b[bin]!);
  }
  return sumB === 0 ? 0 : 1 - coefficient / Math.sqrt(sumA * sumB);
}

/** A part of a grid; all sides belong to it. */
type Area = Pick<MaskShape, "left" | "right" | "top" | "bottom">;

/** Grows a mask by a square of `radius` pixels each way, within an area that holds all of the mask. */
function dilate(mask: Uint8Array, width: number, area: Area, radius: number): Uint8Array {
  return dilateDown(dilateAcross(mask, width, area, radius), width, area, radius);
}

function dilateAcross(mask: Uint8Array, width: number, { left, right, top, bottom }: Area, radius: number): Uint8Array {
  const result = new Uint8Array(mask.length);
  for (let y = top; y <= bottom; y += 1) {
    const end = y * width + right;
    // Up to where, from the left, the row is filled.
    let filled = y * width + left;
    for (let i = filled; i <= end; i += 1) {
      if (!mask[i]) continue;
      filled = Math.max(filled, i - radius);
      for (const last = Math.min(end, i + radius); filled <= last; filled += 1) result[filled] = 1;
    }
  }
  return result;
}

function dilateDown(mask: Uint8Array, width: number, { left, right, top, bottom }: Area, radius: number): Uint8Array {
  const result = new Uint8Array(mask.length);
  // Set pixels in the columns of a window that slides down over the rows.
  const count = new Uint16Array(width);
  for (let y = top - radius; y <= bottom; y += 1) {
    const row = y * width;
    const entering = y + radius <= bottom ? (y + radius) * width : -1;
    const leaving = y - radius - 1 >= top ? (y - radius - 1) * width : -1;
    for (let x = left; x <= right; x += 1) {
      if (entering >= 0) count[x]! += mask[entering + x]!;
      if (leaving >= 0) count[x]! -= mask[leaving + x]!;
      if (y >= top && count[x]! > 0) result[row + x] = 1;
    }
  }
  return result;
}
