// Without zod: the prompt editor runs this in a browser.
import type { Point } from "./geometry";

/** The indexes of two points of a list that have the same coordinates; undefined when there are none. */
export function findTwins(points: readonly Point[]): { first: number; second: number } | undefined {
  const seen = new Map<string, number>();
  for (const [second, { x, y }] of points.entries()) {
    const key = `${x} ${y}`;
    const first = seen.get(key);
    if (first !== undefined) return { first, second };
    seen.set(key, second);
  }
  return undefined;
}
