import type { ImageSize, Polygon } from "../api";
import { oriented, perimeter, signedArea, simplified, type Ring } from "./rings";

/**
 * A mask as a field of real numbers: above 0 is the object, 0 its outline. The value at column i, row j stands at the
 * centre of its cell, (i + 0.5, j + 0.5). The field may be a window of the picture; outside it there is no object.
 */
export interface SoftMask {
  /** Row by row, `width * height`. */
  values: Float32Array;
  width: number;
  height: number;
  /** Position of the window in the picture, in cells, not always whole ones. Its last cells may reach beyond the picture. */
  left: number;
  top: number;
  /** The whole picture's size in cells. */
  picture: ImageSize;
}

/** Simplification may change this share of the object's area, all errors added up. */
const MAX_LOSS = 0.003;
/** Rings below this area in px² are noise. A little less than 1, so that rounding does not drop a picture of one pixel. */
const MIN_AREA = 1 - 1e-6;
/** d3-contour counts values equal to the threshold as inside; SAM's rule is "above 0". */
const THRESHOLD = Number.MIN_VALUE;
/** Vertices are rounded to a millionth of the picture: less than 0.05 px at any size, and half the text. */
const ROUNDING = 1e6;

/**
 * The outline of a soft mask by marching squares, with corners between the cells where the field crosses 0.
 * @param size the upright picture's size in pixels
 * @returns closed rings in fractions of the picture, 3 to 1000 vertices each: outer rings clockwise on the screen, each
 *   followed by its holes, which run counter-clockwise; empty when nothing of 1 px² or more remains
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

/** Each shape is an outer ring and its holes, clockwise and counter-clockwise, in pixels. */
async function traceShapes(mask: SoftMask, size: ImageSize): Promise<Ring[][]> {
  const { contours } = await import("d3-contour"); // an ES module
  // Its types ask for number[], its code only reads by index.
  const grid = paddedGrid(mask) as unknown as number[];
  const { coordinates } = contours()
    .size([mask.width + 2, mask.height + 2])
    .contour(grid, THRESHOLD);
  const toPixels = (at: number, cells: number, pixels: number): number =>
    (Math.min(cells, Math.max(0, at)) / cells) * pixels;
  return coordinates.map((shape) =>
    shape.map((closed, index) => {
      const ring = closed.slice(0, -1).map(([x = 0, y = 0]) => ({
        x: toPixels(x - 1 + mask.left, mask.picture.width, size.width),
        y: toPixels(y - 1 + mask.top, mask.picture.height, size.height),
      }));
      return oriented(ring, index === 0);
    }),
  );
}

/**
 * The field with one more cell on every side, which repeats the outermost values. Outlines then cross the picture's
 * border at right angles and close outside it, so that clipping them at the border leaves masks that reach the border and
 * its corners exactly.
 */
function paddedGrid({ values, width, height }: SoftMask): Float32Array {
  const stride = width + 2;
  const grid = new Float32Array(stride * (height + 2));
  for (let y = 0; y < height + 2; y += 1) {
    const row = Math.min(height - 1, Math.max(0, y - 1)) * width;
    grid.set(values.subarray(row, row + width), y * stride + 1);
    grid[y * stride] = values[row]!;
    grid[y * stride + width + 1] = values[row + width - 1]!;
  }
  return grid;
}

/** The contract's form of a ring, or undefined when it is too small. */
function toPolygon(ring: Ring, clockwise: boolean, { width, height }: ImageSize): Polygon | undefined {
  const round = (value: number): number => Math.round(value * ROUNDING) / ROUNDING;
  const vertices = ring.map(({ x, y }) => ({ x: round(x / width), y: round(y / height), confidence: null }));
  const area = signedArea(vertices) * width * height * (clockwise ? 1 : -1);
  return vertices.length >= 3 && area >= MIN_AREA ? { vertices, confidence: null } : undefined;
}
