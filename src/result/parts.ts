import type { BoundingBox } from "../api";

/** A corner of a ring. */
export interface Corner {
  x: number;
  y: number;
}
/** A closed ring: its last corner is connected to the first. */
export type Ring = readonly Corner[];

/** A connected piece of a segment. Its outline runs clockwise on the screen (y down), its holes the other way. */
export interface Part {
  outline: Ring;
  holes: Ring[];
}

/** A ring that encloses an area. */
interface Solid {
  ring: Ring;
  /** Not signed. */
  area: number;
  /** A point in it. */
  inner: Corner;
}

/**
 * Sorts rings into pieces with their holes by the even-odd rule: a ring inside an even number of others is an outline, one
 * inside an odd number is a hole of the smallest of them. Their order and direction do not matter. Rings must not cross.
 */
export function partsOf(rings: readonly Ring[]): Part[] {
  const solids = rings.flatMap((ring): Solid[] => {
    const inner = innerPoint(ring);
    return inner === undefined ? [] : [{ ring, area: Math.abs(signedArea(ring)), inner }];
  });
  solids.sort((a, b) => b.area - a.area); // so that those around a ring come before it

  const parts = new Map<Solid, Part>();
  solids.forEach((solid, index) => {
    const around = solids.slice(0, index).filter(({ ring }) => isInside(solid.inner, ring));
    const parent = around.at(-1);
    const part = parent === undefined ? undefined : parts.get(parent);
    // This ring is a hole exactly when the smallest ring around it is an outline, as rings do not cross.
    if (part === undefined) parts.set(solid, { outline: directed(solid.ring, 1), holes: [] });
    else part.holes.push(directed(solid.ring, -1));
  });
  return [...parts.values()];
}

/** The enclosed area: positive when the ring runs clockwise on the screen (y down). */
export function signedArea(ring: Ring): number {
  return moments(ring).area;
}

/** Area and first moments of a ring, all with the sign of its direction. */
export function moments(ring: Ring): { area: number; x: number; y: number } {
  const sums = { area: 0, x: 0, y: 0 };
  const origin = ring[0] ?? { x: 0, y: 0 }; // near the ring, so that small rings far from 0 keep their precision
  let from = ring.at(-1) ?? origin;
  for (const to of ring) {
    const [ax, ay, bx, by] = [from.x - origin.x, from.y - origin.y, to.x - origin.x, to.y - origin.y];
    const cross = ax * by - bx * ay;
    sums.area += cross / 2;
    sums.x += ((ax + bx) * cross) / 6;
    sums.y += ((ay + by) * cross) / 6;
    from = to;
  }
  return { area: sums.area, x: sums.x + origin.x * sums.area, y: sums.y + origin.y * sums.area };
}

function directed(ring: Ring, sign: 1 | -1): Ring {
  return signedArea(ring) * sign >= 0 ? ring : ring.toReversed();
}

/** A point well inside a ring: in the widest part of the highest strip without a corner; undefined if it has no area. */
function innerPoint(ring: Ring): Corner | undefined {
  const heights = ring.map(({ y }) => y).sort((a, b) => a - b);
  let strip = { y: 0, height: 0 };
  heights.forEach((y, index) => {
    const height = y - (heights[index - 1] ?? y);
    if (height > strip.height) strip = { y: y - height / 2, height };
  });
  if (strip.height === 0) return undefined;
  const crossings = crossingsAt(strip.y, ring);
  let widest = { x: 0, width: 0 };
  for (let index = 0; index + 1 < crossings.length; index += 2) {
    const [left = 0, right = 0] = crossings.slice(index, index + 2);
    if (right - left > widest.width) widest = { x: (left + right) / 2, width: right - left };
  }
  return widest.width > 0 ? { x: widest.x, y: strip.y } : undefined;
}

function isInside({ x, y }: Corner, ring: Ring): boolean {
  return crossingsAt(y, ring).filter((crossing) => crossing < x).length % 2 === 1;
}

/** The x at which a ring crosses a height, from left to right. */
function crossingsAt(y: number, ring: Ring): number[] {
  const crossings: number[] = [];
  let from = ring.at(-1);
  for (const to of ring) {
    if (from !== undefined && from.y > y !== to.y > y) {
      crossings.push(from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x));
    }
    from = to;
  }
  return crossings.sort((a, b) => a - b);
}

/** The bounding box of rings, in their unit; null when there are none. */
export function boxAround(rings: readonly Ring[]): BoundingBox | null {
  const box = { xMin: Infinity, yMin: Infinity, xMax: -Infinity, yMax: -Infinity };
  for (const { x, y } of rings.flat()) {
    box.xMin = Math.min(box.xMin, x);
    box.yMin = Math.min(box.yMin, y);
    box.xMax = Math.max(box.xMax, x);
    box.yMax = Math.max(box.yMax, y);
  }
  return box.xMin > box.xMax ? null : box;
}
