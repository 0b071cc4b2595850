import assert from "node:assert/strict";
import { criticSchema, expectedIou, promptKind } from "../../../src/engine/critic/critic";
import { featureContext } from "../../../src/engine/critic/feature-context";
import { maskFeatures } from "../../../src/engine/critic/features";
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
    assert.equal(fit.areaShare, 1600 / 8000);
    assert.equal(fit.borderShare, 0);
    assert.ok(off.borderShare > 0.4);
    assert.ok(
      fit.logEdgeStrength > off.logEdgeStrength && fit.weakEdgeShare < off.weakEdgeShare,
      "the square's contour follows edges",
    );
    assert.ok(fit.ringSeparation > 0.9 && off.ringSeparation < 0.5, "the square's colours are not those around it");
    assert.equal(fit.obeyedPoints, 1);
    assert.equal(off.obeyedPoints, 0);
  });

  it("measures from the first point on the object, whatever the order of the points", () => {
    const on = { x: 0.4, y: 0.5 };
    const beside = { x: 0.9, y: 0.5, label: 0 as const };
    const distances = [
      [on, beside],
      [beside, on],
    ].map((points) => maskFeatures(context, { points }, candidate(square))!.centreDistance);
    assert.equal(distances[0], distances[1]);
  });

  it("measures how a mask fits the box", () => {
    const boundingBox = { xMin: 0.2, yMin: 0.25, xMax: 0.6, yMax: 0.75 };
    const fit = maskFeatures(context, { boundingBox }, candidate(square))!;
    assert.equal(fit.boxIou, 1);
    assert.equal(fit.boxFill, 1);
    assert.equal(fit.outsideBox, 0);
  });

  it("is undefined for an empty mask", () => {
    assert.equal(maskFeatures(context, {}, candidate(new Uint8Array(WIDTH * HEIGHT))), undefined);
  });
});

describe("expectedIou", () => {
  /** One unit that follows one input. */
  const network = {
    inputMeans: [0, 0],
    inputDeviations: [1, 0],
    hiddenWeights: [[1], [0]],
    hiddenBiases: [0],
    outputWeights: [2],
    outputBias: 0,
  };
  const model = criticSchema.parse({
    featureNames: ["predictedIou"],
    candidateNames: ["prompt-0"],
    groups: {
      box: { networks: [network] },
      onePoint: { networks: [network, network] },
      severalPoints: { networks: [network] },
    },
  });

  it("is the logistic of a layer of tanh units, inputs clipped", () => {
    const expected = (input: number): number => 1 / (1 + Math.exp(-2 * Math.tanh(input)));
    assert.ok(Math.abs(expectedIou(model, "onePoint", { predictedIou: 0.5 }, "prompt-0") - expected(0.5)) < 1e-12);
    assert.ok(Math.abs(expectedIou(model, "box", { predictedIou: 99 }, "prompt-0") - expected(4)) < 1e-12);
    assert.equal(expectedIou(model, "box", {}, "prompt-0"), 0.5);
  });

  it("distinguishes the kinds of prompts", () => {
    const point = { x: 0.5, y: 0.5 };
    assert.equal(promptKind({ points: [point] }), "onePoint");
    assert.equal(promptKind({ points: [point, point] }), "severalPoints");
    assert.equal(promptKind({ points: [point], boundingBox: { xMin: 0, yMin: 0, xMax: 1, yMax: 1 } }), "box");
  });
});
