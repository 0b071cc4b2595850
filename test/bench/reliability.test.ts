import assert from "node:assert/strict";
import { reliability } from "../../bench/support/reliability";

describe("reliability", () => {
  it("is perfect for scores that are the IoU", () => {
    const all = [0.1, 0.35, 0.8, 1].map((value) => ({ score: value, iou: value }));
    const { correlation, calibrationError, bins } = reliability(all);
    assert.ok(Math.abs(correlation - 1) < 1e-12);
    assert.ok(calibrationError < 1e-12);
    assert.deepEqual(
      bins.map(({ from, count }) => [from, count]),
      [
        [0.1, 1],
        [0.3, 1],
        [0.8, 1],
        [0.9, 1],
      ],
    );
  });

  it("weighs the distance of score and IoU by the number of masks in a bin", () => {
    const all = [
      { score: 0.95, iou: 0.75 },
      { score: 0.95, iou: 0.75 },
      { score: 0.95, iou: 0.75 },
      { score: 0.5, iou: 0.5 },
    ];
    assert.ok(Math.abs(reliability(all).calibrationError - 0.15) < 1e-12);
  });
});
