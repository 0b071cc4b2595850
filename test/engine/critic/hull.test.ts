import assert from "node:assert/strict";
import fc from "fast-check";
import { Hull } from "../../../src/engine/critic/hull";

function hullOf(has: (x: number, y: number) => boolean, size: number): number {
  const hull = new Hull();
  for (let y = 0; y < size; y += 1) for (let x = 0; x < size; x += 1) if (has(x, y)) hull.add(x, y);
  return hull.area();
}

describe("Hull", () => {
  it("is the shape itself where that is convex", () => {
    assert.equal(
      hullOf((x, y) => x >= 2 && x < 7 && y >= 3 && y < 5, 9),
      10,
    );
  });

  it("spans the bay of an L", () => {
    // A square of 10 without the triangle between the ends of the two arms, which are 2 thick.
    assert.equal(
      hullOf((x, y) => x < 2 || y < 2, 10),
      100 - 64 / 2,
    );
  });

  it("is nothing without pixels", () => {
    assert.equal(new Hull().area(), 0);
  });

  it("is at least the shape's area and at most that of its bounds", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(143), { minLength: 1 }), (pixels) => {
        const set = new Set(pixels);
        const area = hullOf((x, y) => set.has(12 * y + x), 12);
        const xs = pixels.map((i) => i % 12);
        const ys = pixels.map((i) => Math.floor(i / 12));
        const bounds = (Math.max(...xs) - Math.min(...xs) + 1) * (Math.max(...ys) - Math.min(...ys) + 1);
        assert.ok(area >= set.size - 1e-9 && area <= bounds + 1e-9, `${set.size} ${area} ${bounds}`);
      }),
    );
  });
});
