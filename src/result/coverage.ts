import type { ImageSize } from "../api";
import type { Ring } from "./parts";

/** The covered rows of one column of pixels: `[start, end)` pairs in a flat list, ascending, never touching. */
export type CoveredRows = readonly number[];

/**
 * The pixels of a grid that segments cover: those whose centre is in at least one of them, by the even-odd rule.
 * @param segments the rings of each, in fractions of the grid's width and height
 * @returns the covered rows of each column
 */
export function coverage(segments: readonly (readonly Ring[])[], { width, height }: ImageSize): CoveredRows[] {
  const columns = Array.from({ length: width }, (): [start: number, end: number][] => []);
  for (const rings of segments) {
    crossings(rings, width).forEach((heights, column) => {
      heights.sort((a, b) => a - b);
      for (let index = 0; index + 1 < heights.length; index += 2) {
        const [start, end] = [firstCentre(heights[index] ?? 0, height), firstCentre(heights[index + 1] ?? 0, height)];
        if (start < end) columns[column]?.push([start, end]);
      }
    });
  }
  return columns.map(merged);
}

/** For each column that rings pass, the heights (fractions) at which they cross its centre line. */
function crossings(rings: readonly Ring[], width: number): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const ring of rings) {
    let from = ring.at(-1);
    for (const to of ring) {
      if (from !== undefined) {
        const [left, right] = from.x < to.x ? [from, to] : [to, from];
        const slope = (right.y - left.y) / (right.x - left.x);
        const end = firstCentre(right.x, width);
        for (let column = firstCentre(left.x, width); column < end; column++) {
          const heights = found.get(column) ?? [];
          heights.push(left.y + ((column + 0.5) / width - left.x) * slope);
          found.set(column, heights);
        }
      }
      from = to;
    }
  }
  return found;
}

/** The first of `count` cells whose centre is not before a fraction; `count` when there is none. */
function firstCentre(fraction: number, count: number): number {
  return Math.min(count, Math.max(0, Math.ceil(fraction * count - 0.5)));
}

function merged(runs: [start: number, end: number][]): CoveredRows {
  const rows: number[] = [];
  for (const [start, end] of runs.sort((a, b) => a[0] - b[0])) {
    const last = rows.at(-1);
    if (last !== undefined && start <= last) rows[rows.length - 1] = Math.max(last, end);
    else rows.push(start, end);
  }
  return rows;
}
