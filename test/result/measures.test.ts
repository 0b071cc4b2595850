import assert from "node:assert/strict";
import fc from "fast-check";
import { measure } from "../../src/result";
import { rectangle, segment, star, type Ring } from "./shapes";

const SIZE = { width: 200, height: 100 };
const FRAME = [rectangle(0.1, 0.2, 0.5, 0.8), rectangle(0.2, 0.3, 0.4, 0.5).toReversed()];

function near(actual: number, expected: number, tolerance = 1e-12): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

describe("measure", () => {
  it("measures a polygon with a hole", () => {
    const { total, segments } = measure([segment(FRAME, 0.8, "frame")], SIZE, 0.5);
    assert.equal(segments.length, 1);
    const [one] = segments;
    near(one!.area, 0.24 - 0.04);
    near(one!.areaPixels, 4000);
    near(one!.areaMm2!, 1000);
    assert.deepEqual(one!.boundingBox, { xMin: 0.1, yMin: 0.2, xMax: 0.5, yMax: 0.8 });
    near(one!.centroid!.x, 0.3);
    near(one!.centroid!.y, (0.24 * 0.5 - 0.04 * 0.4) / 0.2);
    assert.deepEqual([one!.score, one!.label], [0.8, "frame"]);
    const { label, ...rest } = one!;
    assert.deepEqual(total, { ...rest, count: 1 });
    assert.equal(label, "frame");
  });

  it("gives no square millimetres without the size of a pixel", () => {
    const { total, segments } = measure([segment(FRAME)], SIZE);
    assert.ok(!("areaMm2" in total) && !("areaMm2" in segments[0]!));
  });

  it("measures nothing as 0", () => {
    assert.deepEqual(measure([], SIZE, 2), {
      total: { area: 0, areaPixels: 0, areaMm2: 0, boundingBox: null, centroid: null, score: 0, count: 0 },
      segments: [],
    });
    const [empty] = measure([segment([])], SIZE).segments;
    assert.deepEqual([empty!.area, empty!.boundingBox, empty!.centroid], [0, null, null]);
  });

  it("gives a line an area of 0 and its middle", () => {
    const [line] = measure([segment([rectangle(0.2, 0.5, 0.4, 0.5)])], SIZE).segments;
    assert.equal(line!.area, 0);
    near(line!.centroid!.x, 0.3);
    near(line!.centroid!.y, 0.5);
  });

  it("measures several segments exactly where they lie apart, and to the pixel in a long thin picture", () => {
    const lines = { width: 8000, height: 20 };
    const [left, right] = [rectangle(0.1, 0, 0.101, 0.07), rectangle(0.5, 0, 0.9, 0.45)];
    const { total } = measure([segment([left]), segment([right])], lines);
    near(total.area, 0.00007 + 0.18);
    near(total.centroid!.y, (0.00007 * 0.035 + 0.18 * 0.225) / 0.18007);
    const overlapping = rectangle(0.8, 0, 1, 0.45);
    near(measure([segment([right]), segment([overlapping])], lines).total.area, 0.225);
  });

  it("counts what several segments cover once, and takes the lowest score", () => {
    const a = segment([rectangle(0, 0, 0.5, 0.5)], 0.9);
    const b = segment([rectangle(0.25, 0, 0.75, 0.5)], 0.7);
    const { total, segments } = measure([a, b], SIZE);
    near(segments[0]!.area, 0.25);
    near(total.area, 0.375);
    near(total.areaPixels, 7500, 1e-6);
    near(total.centroid!.x, 0.375);
    near(total.centroid!.y, 0.25);
    assert.deepEqual(total.boundingBox, { xMin: 0, yMin: 0, xMax: 0.75, yMax: 0.5 });
    assert.deepEqual([total.score, total.count], [0.7, 2]);
  });

  it("knows holes by where they lie, whatever the direction and the order of the rings", () => {
    const island = rectangle(0.25, 0.35, 0.35, 0.45);
    const rings = [...FRAME, island];
    const { area } = measure([segment(rings)], SIZE).total;
    near(area, 0.24 - 0.04 + 0.01);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(rings, { minLength: 3 }),
        fc.array(fc.boolean(), { minLength: 3 }),
        (some, turns) => {
          const turned = some.map((ring, index) => (turns[index] === true ? ring.toReversed() : ring));
          near(measure([segment(turned)], SIZE).total.area, area);
        },
      ),
    );
  });

  const radii = fc.array(fc.double({ min: 0.05, max: 0.2, noNaN: true }), { minLength: 3, maxLength: 60 });
  const middle = fc.record({
    x: fc.double({ min: 0.2, max: 0.8, noNaN: true }),
    y: fc.double({ min: 0.2, max: 0.8, noNaN: true }),
  });

  it("takes a hole at the centre of mass from the area, and leaves the centre where it was", () => {
    fc.assert(
      fc.property(middle, radii, (at, outline) => {
        const outer = star(at, outline);
        const whole = measure([segment([outer])], SIZE).total;
        const { x, y } = whole.centroid!;
        // Shrunk towards the centre of mass, which stays where it is; only for shapes that have it well inside.
        const hole = outer.map((corner) => ({ x: x + (corner.x - x) / 1e3, y: y + (corner.y - y) / 1e3 }));
        const pierced = measure([segment([outer, hole])], SIZE).total;
        if (!contains(outer, { x, y })) return;
        near(pierced.area, whole.area * (1 - 1e-6), 1e-9);
        near(pierced.centroid!.x, x, 1e-9);
        near(pierced.centroid!.y, y, 1e-9);
      }),
    );
  });

  it("measures the same when a shape is moved, and by the pixel as on the grid", () => {
    fc.assert(
      fc.property(middle, radii, (at, outline) => {
        const here = segment([star(at, outline)]);
        const there = segment([star({ x: 0.5, y: 0.5 }, outline)]);
        const exact = measure([here], SIZE).total;
        near(exact.area, measure([there], SIZE).total.area, 1e-12);
        // Twice the same is the union of both, which is counted on the grid.
        const counted = measure([here, here], { width: 1024, height: 1024 }).total;
        near(counted.area, exact.area, 0.003);
        near(counted.centroid!.x, exact.centroid!.x, 0.003);
        near(counted.centroid!.y, exact.centroid!.y, 0.003);
      }),
    );
  });
});

/** Whether a point lies in a ring, by the angles that its corners make. */
function contains(ring: Ring, { x, y }: { x: number; y: number }): boolean {
  const turn = ring.reduce((sum, corner, index) => {
    const next = ring[(index + 1) % ring.length]!;
    const [ax, ay, bx, by] = [corner.x - x, corner.y - y, next.x - x, next.y - y];
    return sum + Math.atan2(ax * by - ay * bx, ax * bx + ay * by);
  }, 0);
  // Well inside: not so near to an edge that the hole would cross it.
  return Math.abs(turn) > Math.PI && ring.every((corner) => Math.hypot(corner.x - x, corner.y - y) > 0.01);
}
