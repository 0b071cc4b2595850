import { z } from "zod";
import { preview, SegmentError, type BoundingBox } from "../api";
import { boxAround } from "./parts";
import type { FoundSegment, Result } from "./read";

/** A segment whose intersection over union with the chosen box is lower is another object. */
const MIN_OVERLAP = 0.2;
const boxSchema = z.object({ xMin: z.number(), yMin: z.number(), xMax: z.number(), yMax: z.number() });

/**
 * Reads the box by which a segment is chosen; undefined and null mean that none was.
 * @param name how the user would call the value, for errors
 * @throws {SegmentError} `invalid-result`
 */
export function readPick(name: string, value: unknown): BoundingBox | undefined {
  if (value === undefined || value === null) return undefined;
  const parsed = boxSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SegmentError(
    "invalid-result",
    `${name} must be the bounding box of the segment to show, {xMin, yMin, xMax, yMax} in fractions (got ${preview(value)}).`,
  );
}

/**
 * One segment of each result: the one whose bounding box overlaps `box` most (intersection over union, at least 0.2), else
 * the best. It is found by its position, as the segments of the next picture may have another order.
 * @param box in fractions of the upright picture
 */
export function pickSegments(results: readonly Result[], box?: BoundingBox): FoundSegment[] {
  return results.flatMap(({ segments }) => {
    const best = highest(segments, ({ score }) => score);
    if (best === undefined || box === undefined) return best ?? [];
    const overlapOf = ({ rings }: FoundSegment): number => overlap(boxAround(rings), box);
    const nearest = highest(segments, overlapOf);
    return nearest !== undefined && overlapOf(nearest) >= MIN_OVERLAP ? nearest : best;
  });
}

function highest<T>(items: readonly T[], value: (item: T) => number): T | undefined {
  return items.reduce<T | undefined>(
    (best, item) => (best === undefined || value(item) > value(best) ? item : best),
    undefined,
  );
}

/** Intersection over union of two boxes: 0..1 */
function overlap(a: BoundingBox | null, b: BoundingBox): number {
  if (a === null) return 0;
  const width = Math.min(a.xMax, b.xMax) - Math.max(a.xMin, b.xMin);
  const height = Math.min(a.yMax, b.yMax) - Math.max(a.yMin, b.yMin);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / (area(a) + area(b) - width * height);
}

function area({ xMin, yMin, xMax, yMax }: BoundingBox): number {
  return (xMax - xMin) * (yMax - yMin);
}
