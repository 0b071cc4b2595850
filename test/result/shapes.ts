/** Shapes with known answers for the tests of results. */
import type { FoundSegment } from "../../src/result";

export type Ring = FoundSegment["rings"][number];

/** A rectangle, clockwise on the screen. */
export function rectangle(x1: number, y1: number, x2: number, y2: number): Ring {
  return [
    { x: x1, y: y1 },
    { x: x2, y: y1 },
    { x: x2, y: y2 },
    { x: x1, y: y2 },
  ];
}

/** A closed curve around a middle, whose radius differs from corner to corner. */
export function star(middle: { x: number; y: number }, radii: readonly number[]): Ring {
  return radii.map((radius, index) => {
    const angle = (2 * Math.PI * index) / radii.length;
    return { x: middle.x + radius * Math.cos(angle), y: middle.y + radius * Math.sin(angle) };
  });
}

export function segment(rings: Ring[], score = 0.9, label?: string): FoundSegment {
  return { score, rings, ...(label === undefined ? {} : { label }) };
}
