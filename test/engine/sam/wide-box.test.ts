import assert from "node:assert/strict";
import { centreOfBox, isAlone, isDoubtful, joinBoth, joinCentre } from "../../../src/engine/sam/wide-box";

/** Expects as IoU the logistic of 4 tanh(predicted IoU). */
const CRITIC = {
  featureNames: ["predictedIou"],
  candidateNames: [],
  networks: [
    {
      inputMeans: [0],
      inputDeviations: [1],
      hiddenWeights: [[1]],
      hiddenBiases: [0],
      outputWeights: [4],
      outputBias: 0,
    },
  ],
};
const mask = (name: string, predictedIou: number, score = 0) => ({ name, features: { predictedIou }, score });

describe("a box that may be too wide", () => {
  const box = { xMin: 0.2, yMin: 0.1, xMax: 0.6, yMax: 0.9 };

  it("has a centre to click on, if there are no points", () => {
    const click = centreOfBox({ boundingBox: box })?.points?.[0];
    assert.ok(Math.abs(click!.x - 0.4) < 1e-12 && Math.abs(click!.y - 0.5) < 1e-12);
    assert.equal(centreOfBox({ boundingBox: box, points: [{ x: 0.3, y: 0.3 }] }), undefined);
    assert.equal(centreOfBox({ points: [{ x: 0.3, y: 0.3 }] }), undefined);
  });

  it("is in doubt when its best mask promises little, or when it has none", () => {
    assert.equal(isDoubtful(CRITIC, mask("prompt-0", 3)), false);
    assert.equal(isDoubtful(CRITIC, mask("prompt-0", -1)), true);
    assert.equal(isDoubtful(CRITIC, undefined), true);
  });

  it("is in doubt sooner when it covers nearly the whole picture", () => {
    const half = mask("prompt-0", 0.1); // promises .6
    assert.equal(isDoubtful(CRITIC, half, box), false);
    assert.equal(isDoubtful(CRITIC, half, { xMin: 0, yMin: 0, xMax: 1, yMax: 0.95 }), true);
  });

  it("gets the masks of the click only when one of them is clearly better", () => {
    const ofBox = [mask("prompt-1", 0, 0.6), mask("prompt-0", -1, 0.5)];
    assert.equal(joinCentre(CRITIC, ofBox, [mask("centre-0", 0.05)]), ofBox);
    const joined = joinCentre(CRITIC, ofBox, [mask("centre-0", -2), mask("centre-1", 2)]);
    assert.deepEqual(
      joined.map(({ name }) => name),
      ["centre-1", "prompt-1", "prompt-0", "centre-0"],
    );
    assert.equal(joined[1]!.score, 0.5);
    assert.equal(joinCentre(CRITIC, [], [mask("centre-0", -2)]).length, 1);
  });

  it("is asked again with the click when its best mask is unlike the others", () => {
    const likeness = (agreement: number) => ({ name: "prompt-0", features: { agreement }, score: 0.9 });
    assert.equal(isAlone(likeness(0.3)), true);
    assert.equal(isAlone(likeness(0.4)), false);
    assert.equal(isAlone(undefined), false);
  });

  it("takes the masks of box and click only when one of them promises more", () => {
    const ofBox = [mask("prompt-3", 0, 0.88), mask("prompt-0", 0, 0.5)];
    assert.equal(joinBoth(ofBox, [mask("prompt-1", 0, 0.89)]), ofBox);
    assert.equal(joinBoth(ofBox, []), ofBox);
    assert.deepEqual(
      joinBoth(ofBox, [mask("prompt-1", 0, 0.91), mask("prompt-2", 0, 0.7)]).map(({ name }) => name),
      ["prompt-1", "prompt-3", "prompt-2", "prompt-0"],
    );
  });
});
