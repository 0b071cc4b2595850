import simplify from "simplify-js";

/** A corner of a ring, in pixels of the upright picture, y down. */
export interface Corner {
  x: number;
  y: number;
}

/** A closed line: the last corner is joined to the first, which is not repeated. */
export type Ring = Corner[];

/** The contract's upper bound of vertices. */
const MAX_CORNERS = 1000;

/** Area in px²: positive when the ring runs clockwise on the screen (y down), else negative. */
export function signedArea(ring: Ring): number {
  let sum = 0;
  let previous = ring.at(-1);
  for (const corner of ring) {
    if (previous !== undefined) sum += previous.x * corner.y - corner.x * previous.y;
    previous = corner;
  }
  return sum / 2;
}

/** Length of the closed line in px. */
export function perimeter(ring: Ring): number {
  let sum = 0;
  let previous = ring.at(-1);
  for (const corner of ring) {
    if (previous !== undefined) sum += Math.hypot(corner.x - previous.x, corner.y - previous.y);
    previous = corner;
  }
  return sum;
}

/** The same ring, clockwise on the screen or counter-clockwise. */
export function oriented(ring: Ring, clockwise: boolean): Ring {
  return signedArea(ring) > 0 === clockwise ? ring : ring.toReversed();
}

/**
 * Leaves out corners so that no corner of the given ring is farther than `tolerance` px from the new one; farther only
 * if that would take more than 1000 corners. A ring thinner than the tolerance becomes one of fewer than 3 corners.
 */
export function simplified(ring: Ring, tolerance: number): Ring {
  const start = farthestFromCentre(ring);
  const closed = [...ring.slice(start), ...ring.slice(0, start + 1)];
  for (let distance = tolerance; ; distance *= 1.5) {
    const kept = simplify(closed, distance, true).slice(0, -1);
    if (kept.length <= MAX_CORNERS) return kept;
  }
}

/** Simplification always keeps the first corner, so it starts at one that certainly matters. */
function farthestFromCentre(ring: Ring): number {
  const centre = { x: 0, y: 0 };
  for (const corner of ring) {
    centre.x += corner.x / ring.length;
    centre.y += corner.y / ring.length;
  }
  let index = 0;
  let farthest = -1;
  ring.forEach((corner, at) => {
    const distance = Math.hypot(corner.x - centre.x, corner.y - centre.y);
    if (distance > farthest) {
      farthest = distance;
      index = at;
    }
  });
  return index;
}
