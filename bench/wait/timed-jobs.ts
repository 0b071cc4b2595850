/** Jobs of a known length: it is part of the prompt, where both services of the benchmark read it. */
import type { SegmentRequest } from "../../src/api";

/** Longest job in ms: the length is written as a fraction of it. */
const LONGEST_MS = 100_000;

/** A request for a job of that length. */
export function timedRequest(fileId: number, durationMs: number): SegmentRequest {
  return { items: [{ fileId }], points: [{ x: durationMs / LONGEST_MS, y: 0.5 }] };
}

/** The length (ms) of a job with this prompt. */
export function durationOf({ points }: Pick<SegmentRequest, "points">): number {
  return (points?.[0]?.x ?? 0) * LONGEST_MS;
}
