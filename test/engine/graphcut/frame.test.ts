import assert from "node:assert/strict";
import { cutFrame, growBox, promptInWindow, WHOLE } from "../../../src/engine/graphcut/frame";
import { toLab } from "../../../src/engine/pixels/lab";
import { discs } from "./scene";

const image = discs(80, 60, [{ x: 40, y: 30, radius: 15 }]);

describe("cutFrame", () => {
  it("is the picture itself where nothing is cut off nor scaled", () => {
    const frame = cutFrame(image, WHOLE, 80);
    assert.deepEqual([frame.width, frame.height], [80, 60]);
    assert.deepEqual(frame.lab, toLab(image));
  });

  it("moves a window outward to whole pixels and keeps the ratio of sides", () => {
    const frame = cutFrame(image, { xMin: 0.26, yMin: 0.26, xMax: 0.74, yMax: 0.74 }, 20);
    assert.deepEqual(frame.window, { xMin: 20 / 80, yMin: 15 / 60, xMax: 60 / 80, yMax: 45 / 60 });
    assert.deepEqual([frame.width, frame.height], [20, 15]);
  });

  it("never enlarges more than twice", () => {
    const frame = cutFrame(image, { xMin: 0.5, yMin: 0.5, xMax: 0.6, yMax: 0.6 }, 256);
    assert.deepEqual([frame.width, frame.height], [16, 12]);
  });

  it("takes windows of one pixel", () => {
    const dot = { width: 3, height: 3, data: Uint8Array.from({ length: 27 }, (_, i) => (i >= 12 && i < 15 ? 255 : 0)) };
    const frame = cutFrame(dot, { xMin: 0.99, yMin: 0.99, xMax: 1, yMax: 1 }, 64);
    assert.deepEqual([frame.width, frame.height], [2, 2]);
    assert.ok(frame.lab.l.every(Number.isFinite));
  });

  it("averages when it shrinks: a fine chessboard becomes even grey", () => {
    const shade = (i: number): number => (((i % 64) + Math.floor(i / 64)) % 2) * 255;
    const data = Uint8Array.from({ length: 3 * 64 * 64 }, (_, k) => shade(Math.floor(k / 3)));
    const { l } = cutFrame({ width: 64, height: 64, data }, WHOLE, 8).lab;
    assert.ok(Math.max(...l) - Math.min(...l) < 25, `${Math.min(...l)}..${Math.max(...l)}`);
  });
});

describe("promptInWindow", () => {
  it("maps the window to 0..1", () => {
    const window = { xMin: 0.25, yMin: 0.5, xMax: 0.75, yMax: 1 };
    const prompt = { points: [{ x: 0.5, y: 0.5, label: 0 as const }], boundingBox: window };
    assert.deepEqual(promptInWindow(prompt, window), {
      points: [{ x: 0.5, y: 0, label: 0 }],
      boundingBox: { xMin: 0, yMin: 0, xMax: 1, yMax: 1 },
    });
  });
});

describe("growBox", () => {
  it("adds a share on every side and stays in the picture", () => {
    assert.deepEqual(growBox({ xMin: 0.5, yMin: 0.25, xMax: 1, yMax: 0.5 }, 1), {
      xMin: 0,
      yMin: 0,
      xMax: 1,
      yMax: 0.75,
    });
  });
});
