import { floats } from "./arrays";
import type { RegionGraph } from "./region-graph";

/** The colours of a frame's regions in bins, and how alike the bins are: all colour models of the frame share it. */
export interface ColourKernel {
  /** Bin of each region. */
  bin: Int32Array;
  binCount: number;
  /** Likeness of each pair of bins, 0..1, row by row: `binCount × binCount`. */
  likeness: Float32Array;
}

/** Width of the Gaussian kernel in Lab units, and the side of a bin: small against that. */
const KERNEL_WIDTH = 9;
const BIN_SIDE = 4;
/** Lightness counts less than colour: shade changes within an object. */
const LIGHTNESS_WEIGHT = 0.7;
/** The share of a region's own weight that is left out of its own likelihood. */
const LEAVE_OUT = 0.806;
const FLOOR = 0.002;
const CLIP = 3.082;

/** Sorts the colours of a frame's regions into bins and compares those. */
export function colourKernel(graph: RegionGraph): ColourKernel {
  const bin = new Int32Array(graph.count);
  const binOf = new Map<string, number>();
  const sums: number[] = [];
  for (let r = 0; r < graph.count; r += 1) {
    const colour = [LIGHTNESS_WEIGHT * graph.l[r]!, graph.a[r]!, graph.b[r]!];
    const cell = colour.map((value) => Math.round(value / BIN_SIDE)).join();
    const index = binOf.get(cell) ?? binOf.size;
    binOf.set(cell, index);
    bin[r] = index;
    [...colour, 1].forEach((value, k) => (sums[4 * index + k] = (sums[4 * index + k] ?? 0) + value));
  }
  return { bin, binCount: binOf.size, likeness: compareBins(sums, binOf.size) };
}

function compareBins(sums: number[], count: number): Float32Array {
  const mean = (index: number, channel: number): number => sums[4 * index + channel]! / sums[4 * index + 3]!;
  const likeness = new Float32Array(count * count);
  for (let i = 0; i < count; i += 1) {
    for (let j = i; j < count; j += 1) {
      const distance2 = [0, 1, 2].reduce((sum, channel) => sum + (mean(i, channel) - mean(j, channel)) ** 2, 0);
      likeness[i * count + j] = likeness[j * count + i] = Math.exp(-distance2 / (2 * KERNEL_WIDTH * KERNEL_WIDTH));
    }
  }
  return likeness;
}

/**
 * Log likelihood ratio object : background of each region's colour, by kernel densities over the regions
 * (E. Parzen, "On Estimation of a Probability Density Function and Mode", 1962), clipped.
 * @param object weight of each region as a sample of the object's colours
 * @param background the same for the background
 */
export function colourRatios(kernel: ColourKernel, object: Float64Array, background: Float64Array): Float64Array {
  const inside = density(kernel, object);
  const outside = density(kernel, background);
  return floats(object.length, (r) => {
    const bin = kernel.bin[r]!;
    const own = (inside.values[bin]! - LEAVE_OUT * object[r]!) / inside.total + FLOOR;
    const other = (outside.values[bin]! - LEAVE_OUT * background[r]!) / outside.total + FLOOR;
    return Math.max(-CLIP, Math.min(CLIP, Math.log(own / other)));
  });
}

/** The weighted sum of kernels at each bin, and the sum of the weights. */
function density(
  { bin, binCount, likeness }: ColourKernel,
  weight: Float64Array,
): { values: Float64Array; total: number } {
  const inBin = new Float64Array(binCount);
  let total = 1e-9;
  for (let r = 0; r < weight.length; r += 1) {
    inBin[bin[r]!]! += weight[r]!;
    total += weight[r]!;
  }
  const values = floats(binCount, (i) => {
    let sum = 0;
    for (let j = 0, at = i * binCount; j < binCount; j += 1, at += 1) sum += likeness[at]! * inBin[j]!;
    return sum;
  });
  return { values, total };
}
