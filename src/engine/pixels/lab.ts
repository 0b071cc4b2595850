import type { Pixels } from "./pixels";

/** A picture in CIE L*a*b* (D65), one plane a channel, row by row: arrays of `width * height`. */
export interface LabImage {
  width: number;
  height: number;
  l: Float32Array;
  a: Float32Array;
  b: Float32Array;
  /** Factor by which the channels were stretched to raise the contrast of a flat picture (1 = not at all). */
  gain: number;
}

/** sRGB byte → linear light (IEC 61966-2-1). */
const LINEAR = Float32Array.from({ length: 256 }, (_, byte) => {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

/** The cube root of CIE 15 with its linear foot, in 4096 steps of 0..1. */
const CUBE_ROOT_STEPS = 4096;
const CUBE_ROOT = Float32Array.from({ length: CUBE_ROOT_STEPS + 1 }, (_, step) => {
  const t = step / CUBE_ROOT_STEPS;
  return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116;
});

function cubeRoot(t: number): number {
  return CUBE_ROOT[t >= 1 ? CUBE_ROOT_STEPS : (t * CUBE_ROOT_STEPS) | 0]!;
}

/** Contrast that a picture's channels are stretched to, as the standard deviation over all three, L weighing half. */
const TARGET_CONTRAST = 22;
const MAX_GAIN = 4;
const CONTRAST_WEIGHT = { l: 0.49, a: 1, b: 1 };

/**
 * Converts a picture to Lab, smooths it (binomial 3 × 3) and, where it is flat, stretches its contrast up to four
 * times: a scratch on grey metal then weighs as much as an object on a photograph.
 */
export function toLab(image: Pixels): LabImage {
  const { width, height } = image;
  const raw = convert(image);
  const l = blur3(raw.l, width, height);
  const a = blur3(raw.a, width, height);
  const b = blur3(raw.b, width, height);
  const gain = neededGain(l, a, b);
  if (gain > 1) {
    for (const plane of [l, a, b]) {
      for (let i = 0; i < plane.length; i += 1) plane[i]! *= gain;
    }
  }
  return { width, height, l, a, b, gain };
}

function neededGain(l: Float32Array, a: Float32Array, b: Float32Array): number {
  const contrast = Math.sqrt(
    CONTRAST_WEIGHT.l * variance(l) + CONTRAST_WEIGHT.a * variance(a) + CONTRAST_WEIGHT.b * variance(b) + 1e-6,
  );
  return Math.min(MAX_GAIN, Math.max(1, TARGET_CONTRAST / contrast));
}

function convert({ width, height, data }: Pixels): { l: Float32Array; a: Float32Array; b: Float32Array } {
  const count = width * height;
  const l = new Float32Array(count);
  const a = new Float32Array(count);
  const b = new Float32Array(count);
  for (let i = 0, at = 0; i < count; i += 1, at += 3) {
    const r = LINEAR[data[at]!]!;
    const g = LINEAR[data[at + 1]!]!;
    const v = LINEAR[data[at + 2]!]!;
    const x = cubeRoot((0.4124 * r + 0.3576 * g + 0.1805 * v) / 0.9505);
    const y = cubeRoot(0.2126 * r + 0.7152 * g + 0.0722 * v);
    const z = cubeRoot((0.0193 * r + 0.1192 * g + 0.9505 * v) / 1.089);
    l[i] = 116 * y - 16;
    a[i] = 500 * (x - y);
    b[i] = 200 * (y - z);
  }
  return { l, a, b };
}

/** Smooths a plane by the binomial kernel 1 2 1 each way, the border repeated. */
export function blur3(plane: Float32Array, width: number, height: number): Float32Array {
  const rows = new Float32Array(plane.length);
  for (let y = 0; y < height; y += 1) {
    const row = y * width;
    for (let x = 0; x < width; x += 1) {
      const left = row + (x > 0 ? x - 1 : 0);
      const right = row + (x < width - 1 ? x + 1 : x);
      rows[row + x] = (plane[left]! + 2 * plane[row + x]! + plane[right]!) / 4;
    }
  }
  const result = new Float32Array(plane.length);
  for (let y = 0; y < height; y += 1) {
    const row = y * width;
    const above = (y > 0 ? y - 1 : 0) * width;
    const below = (y < height - 1 ? y + 1 : y) * width;
    for (let x = 0; x < width; x += 1) {
      result[row + x] = (rows[above + x]! + 2 * rows[row + x]! + rows[below + x]!) / 4;
    }
  }
  return result;
}

function variance(plane: Float32Array): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < plane.length; i += 1) {
    sum += plane[i]!;
    squares += plane[i]! * plane[i]!;
  }
  const mean = sum / plane.length;
  return Math.max(0, squares / plane.length - mean * mean);
}

/** The squared distance of two pixels' colours. */
export function colourDistance2(image: LabImage, i: number, j: number): number {
  const dl = image.l[i]! - image.l[j]!;
  const da = image.a[i]! - image.a[j]!;
  const db = image.b[i]! - image.b[j]!;
  return dl * dl + da * da + db * db;
}
