import type { Features } from "./critic";

/**
 * Adds to each candidate's features, as `Δname`, by how much they exceed the mean of all candidates for the same prompt:
 * the best candidate is found by comparison.
 */
export function withRelative(candidates: Features[]): Features[] {
  const names = [...new Set(candidates.flatMap((features) => Object.keys(features)))];
  const means = names.map(
    (name) => candidates.reduce((sum, features) => sum + (features[name] ?? 0), 0) / Math.max(1, candidates.length),
  );
  return candidates.map((features) => {
    const all: Features = { ...features };
    names.forEach((name, i) => (all[`Δ${name}`] = (features[name] ?? 0) - means[i]!));
    return all;
  });
}
