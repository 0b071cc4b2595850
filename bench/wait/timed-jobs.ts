/** Jobs of a known length: the length stands in the prompt, so that both services of the benchmark read it there. */
import type { SegmentRequest } from "../../src/api";

/** Longest job in ms: the length is written as a fraction of it. */
const LONGEST_MS = 100_000;

/** A request for a job that takes that long. */
export function timedRequest(fileId: number, durationMs: number): SegmentRequest {
  return { items: [{ fileId }], points: [{ x: durationMs / LONGEST_MS, y: 0.5 }] };
}

/** How long (ms) a job of this prompt takes. */
export function durationOf({ points }: Pick<SegmentRequest, "points">): number {
  return (points?.[0]?.x ?? 0) * LONGEST_MS;
}
