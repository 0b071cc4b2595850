import type { ImageSize, Polygon } from "../../api";
import { tracePolygons, type SoftMask } from "../contours";
import { snapToEdges } from "../pixels/edge-band";
import { blur3, type LabImage } from "../pixels/lab";
import { neighboursOf, type Neighbours } from "../pixels/neighbours";
import { MASK_SIDE } from "./model";

/** Bounds of the long side, in pixels, at which outlines are computed: less is too coarse, more costs too much. */
const MIN_SIDE = 256;
const MAX_SIDE = 1024;

/** Greatest number of cells a side on which outlines are traced. */
const MAX_TRACED = 256;

/** Pixels to each side of the outline that may change sides, and the weight of the logits against colours and edges. */
const EDGE_BAND = { radius: 5, fieldWeight: 0.5 };
/** Width of the surroundings from which the background's colours are learnt: a share of the object's size. */
const SURROUNDINGS = 0.25;

/** The size at which a picture's outlines are computed: its own, unless that is very small or very large. */
export function edgeSize({ width, height }: ImageSize): ImageSize {
  const long = Math.max(width, height);
  const scale = Math.min(MAX_SIDE, Math.max(MIN_SIDE, long)) / long;
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** A part of a picture in whole pixels; `right` and `bottom` are the first ones outside. */
interface Window {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/**
 * Moves the outline of a low-resolution mask onto the picture's edges and traces it.
 * @param logits 256 × 256, row by row; above 0 is the object
 * @param valid the part of them, from the top left, that the picture covers: in cells, not always whole
 * @param lab the picture at its `edgeSize`
 * @param size the upright picture's size in pixels
 * @returns rings in fractions of the picture, see `tracePolygons`
 */
export async function outline(
  logits: Float32Array,
  valid: ImageSize,
  lab: LabImage,
  size: ImageSize,
): Promise<Polygon[]> {
  const window = objectWindow(logits, valid, lab);
  if (window === undefined) return [];
  const part = crop(lab, window);
  const mask = snapToEdges(enlarge(logits, valid, lab, window), part, EDGE_BAND);
  return tracePolygons(softMask(mask, part, window, lab), size);
}

/**
 * The mask of a window as a field that falls slowly from 1 to -1, so that the outline cuts through the stairs of the
 * pixels instead of following them. Large windows are scaled down.
 */
function softMask(mask: Uint8Array, { width, height }: ImageSize, { left, top }: Window, picture: ImageSize): SoftMask {
  const block = Math.ceil(Math.max(width, height) / MAX_TRACED);
  const columns = Math.ceil(width / block);
  const rows = Math.ceil(height / block);
  const values = new Float32Array(columns * rows);
  for (let row = 0, cell = 0; row < rows; row += 1) {
    const bottom = Math.min(height, (row + 1) * block);
    for (let column = 0; column < columns; column += 1, cell += 1) {
      const right = Math.min(width, (column + 1) * block);
      let inside = 0;
      for (let y = row * block; y < bottom; y += 1) {
        for (let x = column * block; x < right; x += 1) inside += mask[y * width + x]!;
      }
      values[cell] = (2 * inside) / ((bottom - row * block) * (right - column * block)) - 1;
    }
  }
  return {
    values: block === 1 ? blur3(values, columns, rows) : values,
    width: columns,
    height: rows,
    left: left / block,
    top: top / block,
    picture: { width: picture.width / block, height: picture.height / block },
  };
}

/** The part of the picture that holds the object and its surroundings; undefined for an empty mask. */
function objectWindow(logits: Float32Array, valid: ImageSize, picture: ImageSize): Window | undefined {
  const columns = Math.min(MASK_SIDE, Math.ceil(valid.width));
  const rows = Math.min(MASK_SIDE, Math.ceil(valid.height));
  const cells = { left: columns, top: rows, right: -1, bottom: -1 };
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      if (logits[y * MASK_SIDE + x]! <= 0) continue;
      if (x < cells.left) cells.left = x;
      if (x >= cells.right) cells.right = x + 1;
      if (y < cells.top) cells.top = y;
      if (y >= cells.bottom) cells.bottom = y + 1;
    }
  }
  if (cells.right < 0) return undefined;
  const [left, right] = span(cells.left, cells.right, valid.width, picture.width);
  const [top, bottom] = span(cells.top, cells.bottom, valid.height, picture.height);
  return { left, top, right, bottom };
}

/** Cells `from` to `to` of `cells` as pixels of `pixels`, with the surroundings. */
function span(from: number, to: number, cells: number, pixels: number): [number, number] {
  const scale = pixels / cells;
  // The field between two cells may reach into the next one, and the outline into the whole band.
  const margin = scale + EDGE_BAND.radius + 2 + SURROUNDINGS * (to - from) * scale;
  return [Math.max(0, Math.floor(from * scale - margin)), Math.min(pixels, Math.ceil(to * scale + margin))];
}

/** The logits at the pixels of a window, by linear interpolation between the centres of the cells. */
function enlarge(logits: Float32Array, valid: ImageSize, picture: ImageSize, window: Window): Float32Array {
  const [width, height] = [window.right - window.left, window.bottom - window.top];
  const columns = cellsAround(window.left, width, valid.width / picture.width);
  const rows = cellsAround(window.top, height, valid.height / picture.height);
  const field = new Float32Array(width * height);
  for (let y = 0, at = 0; y < height; y += 1) {
    const upper = rows.first[y]! * MASK_SIDE;
    const lower = rows.second[y]! * MASK_SIDE;
    for (let x = 0; x < width; x += 1, at += 1) {
      const left = columns.first[x]!;
      const right = columns.second[x]!;
      const across = columns.share[x]!;
      const top = logits[upper + left]! + (logits[upper + right]! - logits[upper + left]!) * across;
      const bottom = logits[lower + left]! + (logits[lower + right]! - logits[lower + left]!) * across;
      field[at] = top + (bottom - top) * rows.share[y]!;
    }
  }
  return field;
}

/** The cells around each of `count` pixels from `start`. */
function cellsAround(start: number, count: number, cellsPerPixel: number): Neighbours {
  return neighboursOf(count, MASK_SIDE, (pixel) => (start + pixel + 0.5) * cellsPerPixel - 0.5);
}

function crop({ l, a, b, width, gain }: LabImage, { left, top, right, bottom }: Window): LabImage {
  const size = { width: right - left, height: bottom - top };
  const cropPlane = (plane: Float32Array): Float32Array => {
    const result = new Float32Array(size.width * size.height);
    for (let y = 0; y < size.height; y += 1) {
      const from = (top + y) * width + left;
      result.set(plane.subarray(from, from + size.width), y * size.width);
    }
    return result;
  };
  return { ...size, l: cropPlane(l), a: cropPlane(a), b: cropPlane(b), gain };
}
