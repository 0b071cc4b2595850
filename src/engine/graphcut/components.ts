import { pointLabel, type Point } from "../../api";
import { bytes } from "./arrays";
import { pixelAt, type PixelBox } from "./grid";

/** The connected parts (4-neighbourhood) of the pixels of one side of a mask. */
interface Parts {
  /** Part of each pixel, from 1; 0 = the other side. */
  label: Int32Array;
  /** Pixels of each part; [0] is 0. */
  size: number[];
}

/** Parts smaller than this share of the largest are noise. */
const MIN_PART = 0.1;
/** Holes smaller than this share of the object are filled. */
const MAX_HOLE = 0.15;

function connectedParts(mask: Uint8Array, width: number, side: 0 | 1): Parts {
  const label = new Int32Array(mask.length);
  const size = [0];
  const queue = new Int32Array(mask.length);
  for (let start = 0; start < mask.length; start += 1) {
    if (mask[start] !== side || label[start]) continue;
    const id = size.length;
    let end = 0;
    const reach = (i: number): void => {
      if (mask[i] !== side || label[i]) return;
      label[i] = id;
      queue[end++] = i;
    };
    reach(start);
    for (let next = 0; next < end; next += 1) {
      const i = queue[next]!;
      const x = i % width;
      if (x > 0) reach(i - 1);
      if (x < width - 1) reach(i + 1);
      if (i >= width) reach(i - width);
      if (i < mask.length - width) reach(i + width);
    }
    size.push(end);
  }
  return { label, size };
}

/**
 * Keeps the parts of a mask with foreground points on them; without such a part all but noise.
 * @param points in fractions of the mask
 */
export function keepParts(mask: Uint8Array, width: number, height: number, points: Point[]): Uint8Array {
  const { label, size } = connectedParts(mask, width, 1);
  const clicked = clickedParts(label, width, height, points);
  const largest = Math.max(...size);
  const kept = size.map((pixels, part) =>
    clicked.size > 0 ? clicked.has(part) : part > 0 && pixels >= MIN_PART * largest,
  );
  return bytes(label.length, (i) => (kept[label[i]!] ? 1 : 0));
}

function clickedParts(label: Int32Array, width: number, height: number, points: Point[]): Set<number> {
  const objectPoints = points.filter((point) => pointLabel(point) === 1);
  const parts = new Set(objectPoints.map((point) => label[pixelAt(point, width, height)]!));
  parts.delete(0);
  return parts;
}

/**
 * Keeps the parts with foreground points on them; without such a part the one that fills most of a box's centre, by a
 * Gaussian weight.
 * @param points in fractions of the mask
 */
export function keepCentralPart(
  mask: Uint8Array,
  width: number,
  height: number,
  box: PixelBox,
  points: Point[],
): Uint8Array {
  const { label, size } = connectedParts(mask, width, 1);
  if (size.length <= 2) return mask;
  const clicked = clickedParts(label, width, height, points);
  if (clicked.size > 0) return bytes(label.length, (i) => (clicked.has(label[i]!) ? 1 : 0));
  const weight = new Float64Array(size.length);
  for (let y = 0, i = 0; y < height; y += 1) {
    const dy = (2 * y + 1 - box.top - box.bottom) / (box.bottom - box.top);
    for (let x = 0; x < width; x += 1, i += 1) {
      if (!label[i]) continue;
      const dx = (2 * x + 1 - box.left - box.right) / (box.right - box.left);
      weight[label[i]!]! += Math.exp(-4 * (dx * dx + dy * dy));
    }
  }
  const best = weight.indexOf(Math.max(...weight));
  return bytes(label.length, (i) => (label[i] === best ? 1 : 0));
}

/** Clears the pixels that are more than one pixel outside a box. */
export function clearOutside(mask: Uint8Array, width: number, height: number, box: PixelBox): void {
  for (let y = 0, i = 0; y < height; y += 1) {
    const outside = y + 0.5 < box.top - 1 || y + 0.5 > box.bottom + 1;
    for (let x = 0; x < width; x += 1, i += 1) {
      if (outside || x + 0.5 < box.left - 1 || x + 0.5 > box.right + 1) mask[i] = 0;
    }
  }
}

/**
 * Fills small holes of a mask, except those with a background point in them.
 * @param points in fractions of the mask
 */
export function fillHoles(mask: Uint8Array, width: number, height: number, points: Point[]): Uint8Array {
  const { label, size } = connectedParts(mask, width, 0);
  const open = new Uint8Array(size.length);
  for (let x = 0; x < width; x += 1) open[label[x]!] = open[label[(height - 1) * width + x]!] = 1;
  for (let y = 0; y < height; y += 1) open[label[y * width]!] = open[label[y * width + width - 1]!] = 1;
  for (const point of points) if (pointLabel(point) === 0) open[label[pixelAt(point, width, height)]!] = 1;
  let area = 0;
  for (const value of mask) area += value;
  return bytes(mask.length, (i) => (mask[i] || (!open[label[i]!] && size[label[i]!]! < MAX_HOLE * area) ? 1 : 0));
}
