/** Candidates with at least this IoU count as the same. */
const SAME = 0.9;

/**
 * Yields the best candidate and each further one that differs from all those yielded before: their IoU is below .9.
 * @param ranked best first
 */
export function* distinctCandidates<Candidate>(
  ranked: Iterable<Candidate>,
  iou: (one: Candidate, other: Candidate) => number,
): Generator<Candidate> {
  const yielded: Candidate[] = [];
  for (const candidate of ranked) {
    if (yielded.some((earlier) => iou(earlier, candidate) >= SAME)) continue;
    yielded.push(candidate);
    yield candidate;
  }
}
