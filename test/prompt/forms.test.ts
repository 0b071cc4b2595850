import assert from "node:assert/strict";
import fc from "fast-check";
import { SegmentError, type BoundingBox, type ImageSize } from "../../src/api";
import { boxes, fileReferences, points, type Frame } from "../../src/prompt";

const FRACTION: Frame = { units: "fraction" };
const pixelFrame = (imageSize: ImageSize): Frame => ({ units: "pixel", imageSize });

const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const imageSize = fc.record({ width: fc.integer({ min: 1, max: 20000 }), height: fc.integer({ min: 1, max: 20000 }) });
const interval = fc
  .tuple(fraction, fraction)
  .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)])
  .filter(([low, high]) => high - low > 1e-6);
const boundingBox = fc
  .tuple(interval, interval)
  .map(([[xMin, xMax], [yMin, yMax]]): BoundingBox => ({ xMin, yMin, xMax, yMax }));

/** The same box in every form that people may write. */
function formsOf({ xMin, yMin, xMax, yMax }: BoundingBox): unknown[] {
  return [
    { xMin, yMin, xMax, yMax },
    { x: xMin, y: yMin, width: xMax - xMin, height: yMax - yMin },
    { left: xMin, top: yMin, right: xMax, bottom: yMax },
    [xMin, yMin, xMax, yMax],
  ];
}

function assertNear(actual: BoundingBox, expected: BoundingBox): void {
  for (const corner of ["xMin", "yMin", "xMax", "yMax"] as const) {
    assert.ok(Math.abs(actual[corner] - expected[corner]) < 1e-9, `${corner}: ${actual[corner]} ${expected[corner]}`);
  }
}

function assertInvalid(run: () => unknown, message: RegExp): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof SegmentError, String(error));
    assert.equal(error.code, "invalid-prompt");
    assert.match(error.message, message);
    return true;
  });
}

describe("fileReferences", () => {
  it("takes ids, external ids, instance ids and the contract's own forms", () => {
    const instance = { space: "plant", externalId: "cam/1" };
    assert.deepEqual(
      fileReferences([
        17,
        "cam-1.jpg",
        instance,
        { fileId: 18 },
        { fileExternalId: "a" },
        { fileInstanceId: { space: "s", externalId: "e" } },
      ]),
      [
        { fileId: 17 },
        { fileExternalId: "cam-1.jpg" },
        { fileInstanceId: instance },
        { fileId: 18 },
        { fileExternalId: "a" },
        { fileInstanceId: { space: "s", externalId: "e" } },
      ],
    );
    assert.deepEqual(fileReferences(17), [{ fileId: 17 }]);
    assert.deepEqual(fileReferences("17"), [{ fileExternalId: "17" }]);
  });

  it("refuses everything else and names it", () => {
    assertInvalid(() => fileReferences(undefined), /^file: there is none/);
    assertInvalid(() => fileReferences(null), /^file: there is none/);
    assertInvalid(() => fileReferences([]), /^file: the list of files is empty/);
    assertInvalid(() => fileReferences([17, 1.5]), /^file\[1\]: a file id must be .*\(got 1\.5\)/);
    assertInvalid(() => fileReferences(-1), /^file: a file id .*\(got -1\)/);
    assertInvalid(() => fileReferences(2 ** 53), /^file: a file id/);
    assertInvalid(() => fileReferences(""), /^file: must be/);
    assertInvalid(() => fileReferences({ fileId: 1, fileExternalId: "a" }), /exactly one of/);
    assertInvalid(() => fileReferences({ fileId: "17" }), /\(got \{"fileId":"17"\}\)/);
    assertInvalid(() => fileReferences(true), /\(got true\)/);
    assertInvalid(() => fileReferences(Buffer.from("x")), /a Buffer of 1 bytes/);
  });
});

describe("points", () => {
  it("reads objects and arrays alike, one or many, label 1 by default", () => {
    assert.deepEqual(points({ x: 0.5, y: 0.25 }, FRACTION), [{ x: 0.5, y: 0.25 }]);
    assert.deepEqual(points([0.5, 0.25, 0], FRACTION), [{ x: 0.5, y: 0.25, label: 0 }]);
    assert.deepEqual(points([[0, 1], { x: 1, y: 0, label: 1 }], FRACTION), [
      { x: 0, y: 1 },
      { x: 1, y: 0, label: 1 },
    ]);
    assert.deepEqual(points([], FRACTION), []);
    assert.deepEqual(points(undefined, FRACTION), []);
    assert.deepEqual(points(null, FRACTION), []);
  });

  it("turns pixels into fractions of the picture", () => {
    fc.assert(
      fc.property(imageSize, fraction, fraction, (size, x, y) => {
        const [point] = points({ x: x * size.width, y: y * size.height }, pixelFrame(size));
        assert.ok(Math.abs(point!.x - x) < 1e-9 && Math.abs(point!.y - y) < 1e-9);
      }),
    );
    const size = { width: 640, height: 480 };
    assert.deepEqual(points([320, 480], pixelFrame(size)), [{ x: 0.5, y: 1 }]);
  });

  it("refuses a point outside the picture, never moves it", () => {
    const outside = fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((value) => value < -1e-6 || value > 1 + 1e-6);
    fc.assert(
      fc.property(outside, fraction, (bad, good) => {
        assertInvalid(() => points({ x: bad, y: good }, FRACTION), /^points\.x: lies outside/);
        assertInvalid(() => points([[good, bad]], FRACTION), /^points\[0\]\.y: lies outside/);
      }),
    );
    assertInvalid(
      () => points([700, 5], pixelFrame({ width: 640, height: 480 })),
      /^points\.x: .*0\.\.640 pixels \(got 700\)/,
    );
    assertInvalid(() => points([320, 200], FRACTION), /for pixels choose the unit pixel\) \(got 320\)/);
  });

  it("refuses what is no point, naming field and value", () => {
    assertInvalid(() => points([{ x: "0.5", y: 0.5 }], FRACTION), /^points\[0\]\.x: must be a number \(got "0\.5"\)/);
    assertInvalid(() => points(["0.5", 0.5], FRACTION), /^points\.x: must be a number/);
    assertInvalid(() => points({ x: 0.5 }, FRACTION), /^points\.y: must be a number/);
    assertInvalid(() => points({ x: NaN, y: 0 }, FRACTION), /^points\.x: must be a number/);
    assertInvalid(() => points({ x: 0.5, y: 0.5, label: 2 }, FRACTION), /^points\.label: .*\(got 2\)/);
    assertInvalid(() => points({ x: 0.5, y: 0.5, label: "1" }, FRACTION), /^points\.label: .*\(got "1"\)/);
    assertInvalid(() => points({ x: 0.5, y: 0.5, lable: 0 }, FRACTION), /^points\.lable: is no field/);
    assertInvalid(() => points("0.5,0.5", FRACTION), /^points: must be \{x, y, label\?\}/);
    assertInvalid(() => points([0.5], FRACTION), /^points: must be/);
    assertInvalid(() => points([[0.5, 0.5], 3], FRACTION), /^points\[1\]: must be .*\(got 3\)/);
    assertInvalid(
      () =>
        points(
          [
            [0.5, 0.5, 1],
            [0.5, 0.5, 0],
          ],
          FRACTION,
        ),
      /^points\[1\]: is the same point as points\[0\]/,
    );
  });
});

describe("boxes", () => {
  it("reads every form to the same box", () => {
    fc.assert(
      fc.property(boundingBox, (box) => {
        for (const form of formsOf(box)) {
          const read = boxes(form, FRACTION);
          assert.equal(read.length, 1);
          assertNear(read[0]!.boundingBox, box);
          assert.equal(read[0]!.given, form);
        }
        const list = boxes(formsOf(box), FRACTION);
        assert.equal(list.length, 4);
        for (const { boundingBox: read } of list) assertNear(read, box);
      }),
    );
  });

  it("reads every form in pixels, up to the picture's edge", () => {
    fc.assert(
      fc.property(boundingBox, imageSize, (box, size) => {
        const pixels = {
          xMin: box.xMin * size.width,
          yMin: box.yMin * size.height,
          xMax: box.xMax * size.width,
          yMax: box.yMax * size.height,
        };
        for (const form of formsOf(pixels)) assertNear(boxes(form, pixelFrame(size))[0]!.boundingBox, box);
      }),
    );
    const [whole] = boxes({ x: 0, y: 0, width: 640, height: 480 }, pixelFrame({ width: 640, height: 480 }));
    assert.deepEqual(whole!.boundingBox, { xMin: 0, yMin: 0, xMax: 1, yMax: 1 });
  });

  it("keeps the user's object and reads the box's own points", () => {
    const given = { label: "cup", trackId: 7, left: 0.1, top: 0.1, right: 0.9, bottom: 0.9, points: [[0.5, 0.5]] };
    const before = structuredClone(given);
    const [box] = boxes([given], FRACTION);
    assert.equal(box!.given, given);
    assert.deepEqual(given, before);
    assert.deepEqual(box!.points, [{ x: 0.5, y: 0.5 }]);
  });

  it("refuses what is no box, naming field and value", () => {
    assertInvalid(() => boxes({ xMin: 0.1, yMin: 0.1, xMax: 0.9 }, FRACTION), /^boxes: must be \{xMin/);
    assertInvalid(() => boxes([[0.1, 0.1, 0.9]], FRACTION), /^boxes\[0\]: must be/);
    assertInvalid(() => boxes(["0.1", 0.1, 0.9, 0.9], FRACTION), /^boxes\.xMin: must be a number \(got "0\.1"\)/);
    assertInvalid(() => boxes("0.1,0.1,0.9,0.9", FRACTION), /^boxes: must be/);
    assertInvalid(
      () => boxes([{ left: 0, top: 0, right: "1", bottom: 1 }], FRACTION),
      /^boxes\[0\]\.right: must be a number \(got "1"\)/,
    );
    assertInvalid(() => boxes([0.9, 0.1, 0.1, 0.9], FRACTION), /^boxes: its right edge must lie right of its left/);
    assertInvalid(() => boxes([0.1, 0.9, 0.9, 0.1], FRACTION), /^boxes: its lower edge must lie below its upper/);
    assertInvalid(() => boxes([0.1, 0.1, 0.1, 0.9], FRACTION), /right edge/);
    assertInvalid(
      () => boxes({ x: 0.5, y: 0.5, width: 0.6, height: 0.1 }, FRACTION),
      /^boxes\.x \+ width: lies outside .*\(got 1\.1\)/,
    );
    assertInvalid(
      () => boxes([{ xMin: 0, yMin: 0, xMax: 1, yMax: 1, points: [{ x: 2, y: 0 }] }], FRACTION),
      /^boxes\[0\]\.points\[0\]\.x: lies outside/,
    );
  });
});
