import type { ImageSize, Polygon } from "../src/api";

/**
 * The pixels whose centre is inside the polygons by the even-odd rule, so that holes stay open.
 * @returns row by row, 1 inside, 0 outside
 */
export function rasterize(polygons: Polygon[], { width, height }: ImageSize): Uint8Array {
  const crossings = Array.from({ length: height }, (): number[] => []);
  for (const { vertices } of polygons) {
    vertices.forEach((from, index) => {
      const to = vertices[(index + 1) % vertices.length];
      if (to !== undefined) addCrossings(crossings, from.x * width, from.y * height, to.x * width, to.y * height);
    });
  }
  const mask = new Uint8Array(width * height);
  crossings.forEach((row, y) => {
    row.sort((a, b) => a - b);
    for (let index = 0; index + 1 < row.length; index += 2) {
      const start = firstCentre(row[index] ?? 0);
      const end = firstCentre(row[index + 1] ?? 0);
      mask.fill(1, y * width + Math.max(0, start), y * width + Math.min(width, end));
    }
  });
  return mask;
}

/** Intersection over union of two masks of the same size; 1 when both are empty. */
export function intersectionOverUnion(a: Uint8Array, b: Uint8Array): number {
  let both = 0;
  let either = 0;
  a.forEach((inA, index) => {
    const inB = b[index] ?? 0;
    both += inA & inB;
    either += inA | inB;
  });
  return either === 0 ? 1 : both / either;
}

/** Adds to each row of pixels the position at which its centre line crosses the edge. */
function addCrossings(rows: number[][], x1: number, y1: number, x2: number, y2: number): void {
  const [top, bottom] = y1 < y2 ? [y1, y2] : [y2, y1];
  const last = Math.min(rows.length, firstCentre(bottom));
  for (let y = Math.max(0, firstCentre(top)); y < last; y++) {
    rows[y]?.push(x1 + ((y + 0.5 - y1) / (y2 - y1)) * (x2 - x1));
  }
}

/** The first pixel whose centre is at or after the coordinate. */
function firstCentre(coordinate: number): number {
  return Math.ceil(coordinate - 0.5);
}
