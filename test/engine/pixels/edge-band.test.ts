import assert from "node:assert/strict";
import { intersectionOverUnion } from "../../../tools/rasterize";
import { distanceToContour, OUTSIDE_BAND } from "../../../src/engine/pixels/band";
import { snapToEdges } from "../../../src/engine/pixels/edge-band";
import { toLab } from "../../../src/engine/pixels/lab";

const WIDTH = 160;
const HEIGHT = 120;

function image(at: (x: number, y: number) => number) {
  const data = new Uint8Array(3 * WIDTH * HEIGHT);
  for (let i = 0; i < WIDTH * HEIGHT; i += 1) data.fill(at(i % WIDTH, Math.floor(i / WIDTH)), 3 * i, 3 * i + 3);
  return toLab({ data, width: WIDTH, height: HEIGHT });
}

function map<T>(at: (x: number, y: number) => T): T[] {
  return Array.from({ length: WIDTH * HEIGHT }, (_, i) => at(i % WIDTH, Math.floor(i / WIDTH)));
}

const inDisc = (x: number, y: number, radius: number): number => radius - Math.hypot(x - 80, y - 60);
const BAND = { radius: 12, fieldWeight: 0.5 };

describe("snapToEdges", () => {
  it("moves a contour that is some pixels off onto the edge", () => {
    const lab = image((x, y) => (inDisc(x, y, 40) > 0 ? 200 : 60));
    const truth = Uint8Array.from(map((x, y) => (inDisc(x, y, 40) > 0 ? 1 : 0)));
    for (const radius of [35, 45]) {
      const field = Float32Array.from(map((x, y) => 0.1 * inDisc(x, y, radius)));
      const before = Uint8Array.from(field, (value) => (value > 0 ? 1 : 0));
      const after = snapToEdges(field, lab, BAND);
      assert.ok(intersectionOverUnion(before, truth) < 0.82);
      // To about a pixel: the picture is smoothed before.
      assert.ok(intersectionOverUnion(after, truth) > 0.95, String(intersectionOverUnion(after, truth)));
    }
  });

  it("leaves a mask alone where there is nothing to see", () => {
    const field = Float32Array.from(map((x, y) => Math.min(x - 30, 100 - x, y - 20, 90 - y)));
    const mask = snapToEdges(
      field,
      image(() => 90),
      BAND,
    );
    assert.deepEqual(
      mask,
      Uint8Array.from(field, (value) => (value > 0 ? 1 : 0)),
    );
  });

  it("takes empty and full masks", () => {
    const lab = image((x) => x);
    assert.ok(snapToEdges(new Float32Array(WIDTH * HEIGHT).fill(-1), lab, BAND).every((value) => value === 0));
    assert.ok(snapToEdges(new Float32Array(WIDTH * HEIGHT).fill(1), lab, BAND).every((value) => value === 1));
  });

  it("never changes pixels beyond the band", () => {
    const lab = image((x, y) => (x * 7 + y * 13) % 256);
    const field = Float32Array.from(map((x, y) => inDisc(x, y, 40)));
    const mask = snapToEdges(field, lab, BAND);
    map((x, y) => {
      const distance = inDisc(x, y, 40);
      if (Math.abs(distance) > 20) assert.equal(mask[y * WIDTH + x], distance > 0 ? 1 : 0);
    });
  });
});

describe("distanceToContour", () => {
  it("counts steps from the contour, to both sides, up to the radius", () => {
    const row = Uint8Array.from([0, 0, 0, 0, 1, 1, 1, 1]);
    assert.deepEqual([...distanceToContour(row, 8, 1, 2)], [OUTSIDE_BAND, 2, 1, 0, 0, 1, 2, OUTSIDE_BAND]);
  });
});

describe("toLab", () => {
  it("is CIE Lab of sRGB", () => {
    const lab = toLab({ data: Uint8Array.from([255, 0, 0]), width: 1, height: 1 });
    // One pixel has no contrast, so it is stretched.
    for (const [value, expected] of [
      [lab.l[0]!, 53.24],
      [lab.a[0]!, 80.09],
      [lab.b[0]!, 67.2],
    ] as const) {
      assert.ok(Math.abs(value / lab.gain - expected) < 0.3, `${value} is not ${expected}`);
    }
  });

  it("stretches a flat picture, at most four times, and a rich one not at all", () => {
    assert.equal(image((x) => 120 + (x % 2)).gain, 4);
    assert.equal(image((x) => (x < 80 ? 0 : 255)).gain, 1);
  });
});
