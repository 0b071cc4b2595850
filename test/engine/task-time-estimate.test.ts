import assert from "node:assert/strict";
import { TaskTimeEstimate } from "../../src/engine/task-time-estimate";

describe("the estimate of task times", () => {
  it("is in time as long as nothing is known of the tasks", () => {
    assert.equal(new TaskTimeEstimate(2000).isBehind(1000, 1), false);
  });

  it("is behind when those that wait would take longer than the limit", () => {
    const pace = new TaskTimeEstimate(2000);
    pace.note(250);
    assert.deepEqual([pace.isBehind(8, 1), pace.isBehind(9, 1)], [false, true]);
    assert.deepEqual([pace.isBehind(16, 2), pace.isBehind(17, 2)], [false, true]);
  });

  it("follows durations that change", () => {
    const pace = new TaskTimeEstimate(2000);
    pace.note(100);
    for (let count = 0; count < 20; count++) pace.note(500);
    assert.deepEqual([pace.isBehind(4, 1), pace.isBehind(5, 1)], [false, true]);
  });
});
