import type { ImageSize, Polygon } from "../api";
import { oriented, perimeter, signedArea, simplified, type Ring } from "./rings";

/**
 * A mask as a field of real numbers: above 0 is the object, 0 its outline. The value at column i, row j stands at the
 * middle of its cell, (i + 0.5, j + 0.5), and covers the picture together with the others from (0, 0) to
 * (`width`, `height`) in cells, which need not be whole.
 */
export interface SoftMask {
  /** Row by row, `stride` values in each. */
  values: Float32Array;
  stride: number;
  width: number;
  height: number;
}

/** Simplification may move the outline by this share of the object's area, all its errors added up. */
const MAX_LOSS = 0.003;
/** Rings below this area in px² are noise. A little less than 1, so that rounding does not drop a picture of one pixel. */
const MIN_AREA = 1 - 1e-6;
/** d3-contour takes what is equal to the threshold as inside; SAM's rule is "above 0". */
const THRESHOLD = Number.MIN_VALUE;
/** Vertices are rounded to a millionth of the picture: less than 0.05 px at any size, and half the text. */
const ROUNDING = 1e6;

/**
 * The outline of a soft mask by marching squares, with corners between the cells where the field crosses 0.
 * @param size the upright picture's size in pixels
 * @returns closed rings in fractions of the picture, 3 to 1000 vertices each: outer rings clockwise on the screen, each
 *   followed by its holes, which run counter-clockwise; empty when nothing of 1 px² or more is left
 */
export async function tracePolygons(mask: SoftMask, size: ImageSize): Promise<Polygon[]> {
  const shapes = await traceShapes(mask, size);
  const tolerance = toleranceFor(shapes.flat());
  return shapes.flatMap((shape) => {
    const [outer, ...holes] = shape.map((ring, index) => toPolygon(simplified(ring, tolerance), index === 0, size));
    return outer === undefined ? [] : [outer, ...holes.filter((hole) => hole !== undefined)];
  });
}

/**
 * The distance by which all rings may be simplified: an outline moved by no more than `t` along its whole length `p`
 * changes an area by `t * p` at most.
 */
function toleranceFor(rings: Ring[]): number {
  const area = rings.reduce((sum, ring) => sum + signedArea(ring), 0);
  const length = rings.reduce((sum, ring) => sum + perimeter(ring), 0);
  return length === 0 ? 0 : (MAX_LOSS * area) / length;
}

/** Each shape is an outer ring and its holes, clockwise and counter-clockwise. */
async function traceShapes(mask: SoftMask, size: ImageSize): Promise<Ring[][]> {
  const columns = Math.max(1, Math.round(mask.width));
  const rows = Math.max(1, Math.round(mask.height));
  const grid = paddedGrid(mask, columns, rows);
  const { contours } = await import("d3-contour"); // an ES module
  const { coordinates } = contours()
    .size([columns + 2, rows + 2])
    .contour(grid, THRESHOLD);
  const toPixels = (at: number, cells: number, pixels: number): number =>
    (Math.min(cells, Math.max(0, at - 1)) / cells) * pixels;
  return coordinates.map((shape) =>
    shape.map((closed, index) => {
      const ring = closed.slice(0, -1).map(([x = 0, y = 0]) => ({
        x: toPixels(x, columns, size.width),
        y: toPixels(y, rows, size.height),
      }));
      return oriented(ring, index === 0);
    }),
  );
}

/**
 * The field on a grid of `columns` x `rows` cells that end exactly at the picture's border, with one more cell all round
 * that repeats the outermost values. Outlines then cross the border at right angles and close outside of it, so that
 * cutting them off at the border leaves masks that reach it, and its corners, exactly.
 */
function paddedGrid(mask: SoftMask, columns: number, rows: number): number[] {
  const across = samplePositions(columns, mask.width, mask.stride);
  const down = samplePositions(rows, mask.height, mask.values.length / mask.stride);
  const grid = new Array<number>(across.length * down.length);
  const { values, stride } = mask;
  let at = 0;
  for (const y of down) {
    const upper = y.first * stride;
    const lower = y.second * stride;
    for (const x of across) {
      const top = mix(values[upper + x.first], values[upper + x.second], x.weight);
      const bottom = mix(values[lower + x.first], values[lower + x.second], x.weight);
      grid[at++] = top + (bottom - top) * y.weight;
    }
  }
  return grid;
}

interface SamplePosition {
  first: number;
  second: number;
  /** Share of `second`. */
  weight: number;
}

/** Where the middles of `cells` cells, and of one repeated at each end, lie among the field's `available` values. */
function samplePositions(cells: number, extent: number, available: number): SamplePosition[] {
  return Array.from({ length: cells + 2 }, (_, index) => {
    const cell = Math.min(cells - 1, Math.max(0, index - 1));
    const position = Math.min(available - 1, Math.max(0, ((cell + 0.5) * extent) / cells - 0.5));
    const first = Math.floor(position);
    return { first, second: Math.min(available - 1, first + 1), weight: position - first };
  });
}

function mix(a = 0, b = 0, weight: number): number {
  return a + (b - a) * weight;
}

/** The contract's form of a ring, or undefined when too little of it is left. */
function toPolygon(ring: Ring, clockwise: boolean, { width, height }: ImageSize): Polygon | undefined {
  const round = (value: number): number => Math.round(value * ROUNDING) / ROUNDING;
  const vertices = ring.map(({ x, y }) => ({ x: round(x / width), y: round(y / height), confidence: null }));
  const area = signedArea(vertices) * width * height * (clockwise ? 1 : -1);
  return vertices.length >= 3 && area >= MIN_AREA ? { vertices, confidence: null } : undefined;
}
