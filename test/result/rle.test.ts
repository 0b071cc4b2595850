import assert from "node:assert/strict";
import fc from "fast-check";
import { toRle, type Rle } from "../../src/result";
import { rectangle, segment, star, type Ring } from "./shapes";

/** Reads an RLE as rleFrString and rleDecode of the COCO tools do: pixels column by column. */
function decode({ size: [height, width], counts }: Rle): number[] {
  const lengths: number[] = [];
  let at = 0;
  while (at < counts.length) {
    let [value, shift, more] = [0, 0, true];
    while (more) {
      const bits = counts.charCodeAt(at++) - 48;
      value |= (bits & 0x1f) << (5 * shift++);
      more = (bits & 0x20) !== 0;
      if (!more && (bits & 0x10) !== 0) value |= -1 << (5 * shift);
    }
    lengths.push(lengths.length > 2 ? value + lengths.at(-2)! : value);
  }
  const pixels = lengths.flatMap((length, index) => new Array<number>(length).fill(index % 2));
  assert.equal(pixels.length, width * height);
  return pixels;
}

/** A ring around each pixel, given in pixels. */
function pixelRing(x: number, y: number, { width, height }: { width: number; height: number }): Ring {
  return rectangle(x / width, y / height, (x + 1) / width, (y + 1) / height);
}

describe("toRle", () => {
  // Worked out by hand from the source of rleToString (cocoapi, maskApi.c).
  const vectors: [string, number, number, [number, number, number, number][], string][] = [
    ["nothing: one run", 2, 2, [], "4"],
    ["everything: a first run of 0", 2, 2, [[0, 0, 2, 2]], "04"],
    ["the first column", 2, 2, [[0, 0, 1, 2]], "022"],
    ["runs that go on in the next column", 3, 2, [[1, 0, 3, 2]], "24"],
    ["a diagonal: runs 1 2 1, the third as it is", 2, 2, [[1, 0, 2, 1], [0, 1, 1, 2]], "121"], // prettier-ignore
    ["runs 0 1 1 1 2 1: the fourth on as differences", 3, 2, [[0, 0, 1, 1], [1, 0, 2, 1], [2, 1, 3, 2]], "011010"], // prettier-ignore
    ["16 needs a second group, as its fifth bit is the sign's", 16, 1, [], "`0"],
    ["40 is 8 and 1", 40, 1, [], "X1"],
    ["runs 3 3 1 1: a difference of -2", 8, 1, [[3, 0, 6, 1], [7, 0, 8, 1]], "331N"], // prettier-ignore
  ];
  for (const [what, width, height, boxes, counts] of vectors) {
    it(what, () => {
      const segments = boxes.map(([x1, y1, x2, y2]) =>
        segment([rectangle(x1 / width, y1 / height, x2 / width, y2 / height)]),
      );
      assert.deepEqual(toRle(segments, { width, height }), { size: [height, width], counts });
    });
  }

  it("leaves holes out, and joins segments that overlap", () => {
    const size = { width: 8, height: 8 };
    const frame = segment([rectangle(0, 0, 0.5, 0.5), rectangle(0.125, 0.125, 0.375, 0.375)]);
    const bar = segment([rectangle(0.25, 0, 1, 0.25)]);
    const expected = Array.from({ length: 64 }, (_, index) => {
      const [x, y] = [Math.floor(index / 8), index % 8];
      const inFrame = x < 4 && y < 4 && !(x >= 1 && x < 3 && y >= 1 && y < 3);
      return inFrame || (x >= 2 && y < 2) ? 1 : 0;
    });
    assert.deepEqual(decode(toRle([frame, bar], size)), expected);
  });

  it("comes back as the pixels that it was made of", () => {
    const masks = fc
      .record({ width: fc.integer({ min: 1, max: 24 }), height: fc.integer({ min: 1, max: 60 }) })
      .chain((size) =>
        fc.record({
          size: fc.constant(size),
          pixels: fc.array(fc.integer({ min: 0, max: 1 }), {
            minLength: size.width * size.height,
            maxLength: size.width * size.height,
          }),
        }),
      );
    fc.assert(
      fc.property(masks, ({ size, pixels }) => {
        const segments = pixels.flatMap((pixel, index) =>
          pixel === 1 ? [segment([pixelRing(Math.floor(index / size.height), index % size.height, size)])] : [],
        );
        assert.deepEqual(decode(toRle(segments, size)), pixels);
      }),
    );
  });

  it("covers the pixels whose middle lies in the polygon, also where it leaves the picture", () => {
    const radii = fc.array(fc.double({ min: 0.1, max: 0.7, noNaN: true }), { minLength: 3, maxLength: 20 });
    const size = { width: 31, height: 17 };
    fc.assert(
      fc.property(radii, (outline) => {
        const ring = star({ x: 0.5, y: 0.5 }, outline);
        const pixels = decode(toRle([segment([ring])], size));
        pixels.forEach((pixel, index) => {
          const middle = {
            x: (Math.floor(index / size.height) + 0.5) / size.width,
            y: ((index % size.height) + 0.5) / size.height,
          };
          const inside = isInside(middle, ring);
          if (inside !== undefined) assert.equal(pixel, Number(inside));
        });
      }),
    );
  });
});

/** Whether a point lies in a ring, by a ray to the right; undefined when it is too near to an edge to say. */
function isInside({ x, y }: { x: number; y: number }, ring: Ring): boolean | undefined {
  let inside = false;
  for (const [index, a] of ring.entries()) {
    const b = ring[(index + 1) % ring.length]!;
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    if (Math.abs((b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x)) < 1e-9 * length) return undefined;
    if (a.y > y !== b.y > y && x < a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x)) inside = !inside;
  }
  return inside;
}
