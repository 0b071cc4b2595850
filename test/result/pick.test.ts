import assert from "node:assert/strict";
import fc from "fast-check";
import { SegmentError } from "../../src/api";
import { pickSegments, readPick, type FoundSegment, type Result } from "../../src/result";
import { rectangle, segment } from "./shapes";

const SMALL = segment([rectangle(0.4, 0.4, 0.6, 0.6)], 0.7);
const MIDDLE = segment([rectangle(0.3, 0.3, 0.7, 0.7)], 0.9);
const LARGE = segment([rectangle(0.1, 0.1, 0.9, 0.9)], 0.8);
const SMALL_BOX = { xMin: 0.4, yMin: 0.4, xMax: 0.6, yMax: 0.6 };

function result(...segments: FoundSegment[]): Result {
  return { jobId: 1, file: undefined, prompt: {}, segments };
}

describe("pickSegments", () => {
  it("takes the best of each result when none was chosen, in whatever order they stand", () => {
    assert.deepEqual(pickSegments([result(SMALL, MIDDLE), result(LARGE)]), [MIDDLE, LARGE]);
    assert.deepEqual(pickSegments([result(), result(SMALL)]), [SMALL]);
    assert.deepEqual(pickSegments([]), []);
  });

  it("takes the one that is most like the chosen box, also when it has moved a little", () => {
    const moved = { xMin: 0.43, yMin: 0.41, xMax: 0.63, yMax: 0.61 };
    for (const box of [SMALL_BOX, moved]) assert.deepEqual(pickSegments([result(MIDDLE, LARGE, SMALL)], box), [SMALL]);
    assert.deepEqual(pickSegments([result(MIDDLE, LARGE, SMALL)], { xMin: 0, yMin: 0, xMax: 1, yMax: 1 }), [LARGE]);
  });

  it("takes the best where none is like the chosen box", () => {
    // A fifth of the small one, and less of it.
    const [fifth, less] = [0.441, 0.439].map((xMax) => ({ xMin: 0.4, yMin: 0.4, xMax, yMax: 0.6 }));
    assert.deepEqual(pickSegments([result(SMALL, segment([], 0.9))], fifth), [SMALL]);
    assert.deepEqual(pickSegments([result(SMALL, segment([], 0.9))], less), [segment([], 0.9)]);
    const elsewhere = { xMin: 0, yMin: 0, xMax: 0.05, yMax: 0.05 };
    assert.deepEqual(pickSegments([result(SMALL, MIDDLE)], elsewhere), [MIDDLE]);
    assert.deepEqual(pickSegments([result(SMALL, MIDDLE), result(LARGE)], SMALL_BOX), [SMALL, LARGE]);
    assert.deepEqual(pickSegments([result(segment([], 0.5), SMALL)], elsewhere), [SMALL], "one without an outline");
  });

  it("finds every segment by its own bounding box", () => {
    const edges = fc.tuple(fc.double({ min: 0, max: 0.4, noNaN: true }), fc.double({ min: 0.6, max: 1, noNaN: true }));
    const boxes = fc.uniqueArray(fc.tuple(edges, edges), { minLength: 1, maxLength: 4, selector: (box) => box.join() });
    fc.assert(
      fc.property(boxes, (all) => {
        const segments = all.map(([[xMin, xMax], [yMin, yMax]]) => segment([rectangle(xMin, yMin, xMax, yMax)]));
        all.forEach(([[xMin, xMax], [yMin, yMax]], index) => {
          const [picked] = pickSegments([result(...segments)], { xMin, yMin, xMax, yMax });
          assert.equal(picked, segments[index]);
        });
      }),
    );
  });
});

describe("readPick", () => {
  it("takes a box, and nothing", () => {
    assert.deepEqual(readPick("msg.chosen", { ...SMALL_BOX, label: "nut" }), SMALL_BOX);
    for (const nothing of [undefined, null]) assert.equal(readPick("msg.chosen", nothing), undefined);
  });

  it("refuses anything else with its place", () => {
    for (const other of [1, "best", [0, 0, 1, 1], { xMin: "0", yMin: 0, xMax: 1, yMax: 1 }]) {
      assert.throws(
        () => readPick("msg.chosen", other),
        (error) =>
          error instanceof SegmentError &&
          error.code === "invalid-result" &&
          error.message.startsWith("msg.chosen must be the bounding box"),
      );
    }
  });
});
