import type { LabImage } from "../pixels/lab";

/** What is computed once for a picture, to measure any number of masks on it. */
export interface FeatureContext {
  width: number;
  height: number;
  gradient: Float32Array;
  meanGradient: number;
  /** The bin of each pixel's colour in a histogram of `HISTOGRAM_BINS`, and the number of pixels in each bin. */
  colourBin: Uint16Array;
  colourCounts: Int32Array;
}

/** Bins a channel. */
const BINS = 8;
export const HISTOGRAM_BINS = BINS ** 3;
/** A channel whose range is smaller than this does not use all bins. */
const MIN_RANGE = 25;
/** Prepares a picture for `maskFeatures`. */
export function featureContext(image: LabImage): FeatureContext {
  const { width, height } = image;
  const gradient = new Float32Array(width * height);
  let sum = 0;
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      const right = x < width - 1 ? i + 1 : i;
      const below = y < height - 1 ? i + width : i;
      let horizontal = 0;
      let vertical = 0;
      for (const plane of [image.l, image.a, image.b]) {
        horizontal += (plane[right]! - plane[i]!) ** 2;
        vertical += (plane[below]! - plane[i]!) ** 2;
      }
      gradient[i] = Math.sqrt(Math.max(horizontal, vertical));
      sum += gradient[i]!;
    }
  }
  const colourBin = colourBins([image.l, image.a, image.b]);
  const colourCounts = new Int32Array(HISTOGRAM_BINS);
  for (let i = 0; i < colourBin.length; i += 1) colourCounts[colourBin[i]!]! += 1;
  return { width, height, gradient, meanGradient: sum / gradient.length + 1e-3, colourBin, colourCounts };
}

function colourBins(planes: Float32Array[]): Uint16Array {
  const result = new Uint16Array(planes[0]!.length);
  for (const plane of planes) {
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < plane.length; i += 1) {
      if (plane[i]! < low) low = plane[i]!;
      if (plane[i]! > high) high = plane[i]!;
    }
    const range = Math.max(MIN_RANGE, high - low);
    for (let i = 0; i < plane.length; i += 1) {
      const bin = Math.min(BINS - 1, (((plane[i]! - low) / range) * BINS) | 0);
      result[i] = result[i]! * BINS + bin;
    }
  }
  return result;
}
