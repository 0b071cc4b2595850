import assert from "node:assert/strict";
import { forgetRepeats, Repeats, repeatsOf } from "../../../nodes/upload/repeats";

const used = (repeats: Repeats, topic: string, sha256: string): Promise<boolean> =>
  repeats.useOnce(topic, sha256, () => Promise.resolve());

describe("repeated pictures", () => {
  it("are those that are the same as the one before, by topic", async () => {
    const repeats = new Repeats();
    const seen: boolean[] = [];
    for (const text of ["a1", "a1", "b1", "a2", "a1", "b1"]) seen.push(await used(repeats, text[0]!, text));
    assert.deepEqual(seen, [true, false, true, true, true, false]);
  });

  it("are none after one that could not be used", async () => {
    const repeats = new Repeats();
    await assert.rejects(
      repeats.useOnce("a", "1", () => Promise.reject(new Error("no service"))),
      /no service/,
    );
    assert.equal(await used(repeats, "a", "1"), true);
    assert.equal(await used(repeats, "a", "1"), false);
  });

  it("wait for the end of the one before: one takes its place when it fails", async () => {
    const repeats = new Repeats();
    const failing = repeats.useOnce("a", "1", async () => {
      await Promise.resolve();
      throw new Error("no service");
    });
    const others = [used(repeats, "a", "1"), used(repeats, "a", "1")];
    await assert.rejects(failing, /no service/);
    assert.deepEqual((await Promise.all(others)).sort(), [false, true]);
  });

  it("are known for the 1000 topics that had a picture last", async () => {
    const repeats = new Repeats();
    for (let topic = 0; topic < 1000; topic++) await used(repeats, String(topic), "1");
    assert.equal(await used(repeats, "0", "1"), false, "and is the newest now");
    await used(repeats, "one more", "1");
    assert.equal(await used(repeats, "0", "1"), false);
    assert.equal(await used(repeats, "2", "1"), false);
    assert.equal(await used(repeats, "1", "1"), true, "the oldest is forgotten");
  });

  it("are known of a node until it is gone", async () => {
    await used(repeatsOf("n1"), "a", "1");
    assert.equal(await used(repeatsOf("n1"), "a", "1"), false);
    assert.equal(await used(repeatsOf("n2"), "a", "1"), true);
    forgetRepeats("n1");
    assert.equal(await used(repeatsOf("n1"), "a", "1"), true);
    forgetRepeats("n1");
    forgetRepeats("n2");
  });
});
