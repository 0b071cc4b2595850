import assert from "node:assert/strict";
import { criticSchema, expectedIou, promptKind } from "../../../src/engine/critic/critic";
import { featureContext, maskFeatures, maskIou } from "../../../src/engine/critic/features";
import { toLab } from "../../../src/engine/pixels/lab";

const WIDTH = 100;
const HEIGHT = 80;

/** A bright square, 20..59 x 20..59, on dark ground. */
const inSquare = (i: number): boolean =>
  i % WIDTH >= 20 && i % WIDTH < 60 && Math.floor(i / WIDTH) >= 20 && Math.floor(i / WIDTH) < 60;
const context = featureContext(
  toLab({
    data: Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, (_, i) => (inSquare(Math.floor(i / 3)) ? 220 : 30)),
    width: WIDTH,
    height: HEIGHT,
  }),
);
const square = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => (inSquare(i) ? 1 : 0));
const leftHalf = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i % WIDTH < 50 ? 1 : 0));
const candidate = (mask: Uint8Array) => ({ mask, predictedIou: 0.9, stability: 0.8, agreement: 1 });

describe("maskFeatures", () => {
  it("measures shape, edges and colours", () => {
    const fit = maskFeatures(context, { points: [{ x: 0.4, y: 0.5 }] }, candidate(square))!;
    const off = maskFeatures(context, { points: [{ x: 0.9, y: 0.5 }] }, candidate(leftHalf))!;
    assert.equal(fit.a, 1600 / 8000);
    assert.equal(fit.bord, 0);
    assert.ok(off.bord > 0.4);
    assert.ok(fit.eg > off.eg && fit.elow < off.elow, "the square's contour lies on edges");
    assert.ok(fit.sep > 0.9 && off.sep < 0.5, "the square's colours are not those around it");
    assert.equal(fit.hit, 1);
    assert.equal(off.hit, 0);
  });

  it("measures from the first point on the object, in whatever order the points come", () => {
    const on = { x: 0.4, y: 0.5 };
    const beside = { x: 0.9, y: 0.5, label: 0 as const };
    const distances = [
      [on, beside],
      [beside, on],
    ].map((points) => maskFeatures(context, { points }, candidate(square))!.cd);
    assert.equal(distances[0], distances[1]);
  });

  it("measures how a mask fits the box", () => {
    const boundingBox = { xMin: 0.2, yMin: 0.25, xMax: 0.6, yMax: 0.75 };
    const fit = maskFeatures(context, { boundingBox }, candidate(square))!;
    assert.equal(fit.bfit, 1);
    assert.equal(fit.fill, 1);
    assert.equal(fit.out, 0);
  });

  it("knows no empty mask", () => {
    assert.equal(maskFeatures(context, {}, candidate(new Uint8Array(WIDTH * HEIGHT))), undefined);
  });
});

describe("maskIou", () => {
  it("is intersection over union", () => {
    assert.equal(maskIou(square, square), 1);
    assert.equal(maskIou(square, leftHalf), 1200 / (1600 + 4000 - 1200));
  });
});

describe("expectedIou", () => {
  /** One unit that follows one input. */
  const network = { mu: [0, 0], sd: [1, 0], W: [[1], [0]], b: [0], v: [2], c: 0 };
  const model = criticSchema.parse({
    FE: ["p"],
    toks: ["b0"],
    groups: { box: { full: [network] }, pt1: { full: [network, network] }, pts: { full: [network] } },
  });

  it("is the logistic of a layer of tanh units, inputs clipped", () => {
    const expected = (input: number): number => 1 / (1 + Math.exp(-2 * Math.tanh(input)));
    assert.ok(Math.abs(expectedIou(model, "pt1", { p: 0.5 }, "b0") - expected(0.5)) < 1e-12);
    assert.ok(Math.abs(expectedIou(model, "box", { p: 99 }, "b0") - expected(4)) < 1e-12);
    assert.equal(expectedIou(model, "box", {}, "b0"), 0.5);
  });

  it("tells kinds of prompts apart", () => {
    const point = { x: 0.5, y: 0.5 };
    assert.equal(promptKind({ points: [point] }), "pt1");
    assert.equal(promptKind({ points: [point, point] }), "pts");
    assert.equal(promptKind({ points: [point], boundingBox: { xMin: 0, yMin: 0, xMax: 1, yMax: 1 } }), "box");
  });
});
