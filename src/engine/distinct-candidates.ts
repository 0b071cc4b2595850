/** Candidates that overlap as much as this (IoU) are one. */
const SAME = 0.9;

/**
 * Gives the best candidate and those further ones that differ from each one given before: their IoU is below .9.
 * @param ranked best first
 */
export function* different<Candidate>(
  ranked: Iterable<Candidate>,
  iou: (one: Candidate, other: Candidate) => number,
): Generator<Candidate> {
  const given: Candidate[] = [];
  for (const candidate of ranked) {
    if (given.some((earlier) => iou(earlier, candidate) >= SAME)) continue;
    given.push(candidate);
    yield candidate;
  }
}
