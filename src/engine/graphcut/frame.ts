import type { BoundingBox, Prompt } from "../../api";
import type { Pixels } from "../pixels/pixels";
import { toLab, type LabImage } from "../pixels/lab";

/** A part of a picture, resampled to a working grid, so that small objects get as many superpixels as large ones. */
export interface Frame {
  /** The part, in fractions of the picture. */
  window: BoundingBox;
  /** Size of the working grid in pixels. */
  width: number;
  height: number;
  lab: LabImage;
}

/** The window of a whole picture. */
export const WHOLE: BoundingBox = { xMin: 0, yMin: 0, xMax: 1, yMax: 1 };

const CHANNELS = 3;
/** Greater enlargement adds pixels without adding information. */
const MAX_ENLARGEMENT = 2;

/**
 * Cuts a window out of a picture and resamples it to a grid whose long side is at most `longSide` pixels.
 * @param window in fractions of the picture; moved outward to whole pixels
 */
export function cutFrame(image: Pixels, window: BoundingBox, longSide: number): Frame {
  const left = Math.min(image.width - 1, Math.floor(window.xMin * image.width));
  const top = Math.min(image.height - 1, Math.floor(window.yMin * image.height));
  const right = Math.max(left + 1, Math.ceil(window.xMax * image.width));
  const bottom = Math.max(top + 1, Math.ceil(window.yMax * image.height));
  const scale = Math.min(MAX_ENLARGEMENT, longSide / Math.max(right - left, bottom - top));
  const width = Math.max(1, Math.round((right - left) * scale));
  const height = Math.max(1, Math.round((bottom - top) * scale));
  const rows = resample(image.data, {
    lines: bottom - top,
    firstLine: top,
    lineStep: image.width * CHANNELS,
    from: left,
    to: right,
    step: CHANNELS,
    size: width,
  });
  const data = resample(rows, {
    lines: width,
    firstLine: 0,
    lineStep: CHANNELS,
    from: 0,
    to: bottom - top,
    step: width * CHANNELS,
    size: height,
    transposed: true,
  });
  return {
    window: {
      xMin: left / image.width,
      yMin: top / image.height,
      xMax: right / image.width,
      yMax: bottom / image.height,
    },
    width,
    height,
    lab: toLab({ width, height, data }),
  };
}

interface Pass {
  lines: number;
  firstLine: number;
  lineStep: number;
  /** The stretch of a line that is read, in pixels, and the distance of its pixels in the array. */
  from: number;
  to: number;
  step: number;
  /** Number of pixels that the stretch is resampled to. */
  size: number;
  /** Writes lines as columns (the second pass) instead of rows. */
  transposed?: boolean;
}

/** Resamples lines by a tent filter, as wide as a target pixel when the picture shrinks. */
function resample(data: Uint8Array, pass: Pass): Uint8Array {
  const { lines, from, to, size } = pass;
  const scale = (to - from) / size;
  const reach = Math.max(1, scale);
  const result = new Uint8Array(lines * size * CHANNELS);
  for (let target = 0; target < size; target += 1) {
    const centre = from + (target + 0.5) * scale - 0.5;
    const first = Math.max(from, Math.ceil(centre - reach));
    const last = Math.min(to - 1, Math.floor(centre + reach));
    const weights: number[] = [];
    for (let at = first; at <= last; at += 1) weights.push(Math.max(1e-6, 1 - Math.abs(at - centre) / reach));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (let line = 0; line < lines; line += 1) {
      const source = (line + pass.firstLine) * pass.lineStep;
      const out = (pass.transposed ? target * lines + line : line * size + target) * CHANNELS;
      for (let channel = 0; channel < CHANNELS; channel += 1) {
        let sum = 0;
        for (let k = 0; k < weights.length; k += 1)
          sum += weights[k]! * data[source + (first + k) * pass.step + channel]!;
        result[out + channel] = Math.round(sum / total);
      }
    }
  }
  return result;
}

/** A prompt's coordinates in fractions of a window instead of the picture; they may lie outside 0..1. */
export function promptInWindow(prompt: Prompt, window: BoundingBox): Prompt {
  const x = (value: number): number => (value - window.xMin) / (window.xMax - window.xMin);
  const y = (value: number): number => (value - window.yMin) / (window.yMax - window.yMin);
  const box = prompt.boundingBox;
  return {
    points: prompt.points?.map((point) => ({ ...point, x: x(point.x), y: y(point.y) })),
    boundingBox: box && { xMin: x(box.xMin), yMin: y(box.yMin), xMax: x(box.xMax), yMax: y(box.yMax) },
  };
}

/** A box grown by a share of its size on every side, within the picture. */
export function growBox(box: BoundingBox, share: number): BoundingBox {
  const dx = share * (box.xMax - box.xMin);
  const dy = share * (box.yMax - box.yMin);
  return {
    xMin: Math.max(0, box.xMin - dx),
    yMin: Math.max(0, box.yMin - dy),
    xMax: Math.min(1, box.xMax + dx),
    yMax: Math.min(1, box.yMax + dy),
  };
}
