import assert from "node:assert/strict";
import { forgetRepeats, Repeats, repeatsOf } from "../../nodes/shared/repeats";

describe("repeated pictures", () => {
  it("are those that are the same as the one before, by topic", () => {
    const repeats = new Repeats();
    const seen = ["a1", "a1", "b1", "a2", "a1", "b1"].map((text) => repeats.isRepeat(text[0]!, text));
    assert.deepEqual(seen, [false, true, false, false, false, true]);
  });

  it("are none after one that could not be used", () => {
    const repeats = new Repeats();
    repeats.isRepeat("a", "1");
    repeats.forget("a", "1");
    assert.equal(repeats.isRepeat("a", "1"), false);
    repeats.forget("a", "an older one");
    assert.equal(repeats.isRepeat("a", "1"), true);
  });

  it("are known for the 1000 topics that had a picture last", () => {
    const repeats = new Repeats();
    for (let topic = 0; topic < 1000; topic++) repeats.isRepeat(String(topic), "1");
    assert.equal(repeats.isRepeat("0", "1"), true, "and is the newest now");
    repeats.isRepeat("one more", "1");
    assert.equal(repeats.isRepeat("0", "1"), true);
    assert.equal(repeats.isRepeat("2", "1"), true);
    assert.equal(repeats.isRepeat("1", "1"), false, "the oldest is forgotten");
  });

  it("are known of a node until it is gone", () => {
    repeatsOf("n1").isRepeat("a", "1");
    assert.equal(repeatsOf("n1").isRepeat("a", "1"), true);
    assert.equal(repeatsOf("n2").isRepeat("a", "1"), false);
    forgetRepeats("n1");
    assert.equal(repeatsOf("n1").isRepeat("a", "1"), false);
    forgetRepeats("n1");
    forgetRepeats("n2");
  });
});
