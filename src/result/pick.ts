import { z } from "zod";
import { preview, SegmentError, type BoundingBox } from "../api";
import { boxAround } from "./parts";
import type { FoundSegment, Result } from "./read";

/** A segment that is less like the chosen box (intersection over union) is another object. */
const LEAST_LIKENESS = 0.2;
const boxSchema = z.object({ xMin: z.number(), yMin: z.number(), xMax: z.number(), yMax: z.number() });

/**
 * Reads the box by which a segment is chosen; undefined and null mean that none was.
 * @param place how the user would call where it was found, for errors
 * @throws {SegmentError} `invalid-result`
 */
export function readPick(place: string, value: unknown): BoundingBox | undefined {
  if (value === undefined || value === null) return undefined;
  const parsed = boxSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SegmentError(
    "invalid-result",
    `${place} must be the bounding box of the segment to show, {xMin, yMin, xMax, yMax} in fractions (got ${preview(value)}).`,
  );
}

/**
 * Of each result one segment: the one whose bounding box is most like `box` (by intersection over union, .2 at least),
 * else the best.
 * By its place, as the next picture's segments may have another order.
 * @param box in fractions of the upright picture
 */
export function pickSegments(results: readonly Result[], box?: BoundingBox): FoundSegment[] {
  return results.flatMap(({ segments }) => {
    const best = highest(segments, ({ score }) => score);
    if (best === undefined || box === undefined) return best ?? [];
    const likeness = ({ rings }: FoundSegment): number => overlap(boxAround(rings), box);
    const alike = highest(segments, likeness);
    return alike !== undefined && likeness(alike) >= LEAST_LIKENESS ? alike : best;
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
