import assert from "node:assert/strict";
import { neighboursOf } from "../../../src/engine/pixels/neighbours";

describe("neighboursOf", () => {
  it("finds the cells around each sample, and repeats the outermost ones beyond the grid", () => {
    const positions = [-0.75, 0, 0.25, 1.5, 2, 2.75];
    const { first, second, share } = neighboursOf(positions.length, 3, (sample) => positions[sample]!);
    assert.deepEqual([...first], [0, 0, 0, 1, 2, 2]);
    assert.deepEqual([...second], [0, 1, 1, 2, 2, 2]);
    assert.deepEqual([...share], [0.25, 0, 0.25, 0.5, 0, 0.75]);
  });
});
