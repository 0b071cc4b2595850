import assert from "node:assert/strict";
import { RecentMap } from "../../src/async/recent-map";

describe("RecentMap", () => {
  it("forgets the entry that was used longest ago when there are too many", () => {
    const map = new RecentMap<string, number>(3);
    ["a", "b", "c"].forEach((key, index) => map.set(key, index));
    assert.equal(map.get("a"), 0);
    assert.equal(map.peek("b"), 1);
    map.set("d", 3);
    assert.deepEqual(map.keys, ["c", "a", "d"]);
    map.set("c", 9);
    map.set("e", 4);
    assert.deepEqual(map.keys, ["d", "c", "e"]);
    assert.equal(map.get("c"), 9);
    assert.equal(map.get("a"), undefined);
  });

  it("keeps as many as fit by their sizes, none that is larger than the limit", () => {
    const map = new RecentMap<string, string>(10, (text) => text.length);
    map.set("a", "1234");
    map.set("b", "1234");
    map.set("b", "12");
    map.set("c", "1234");
    assert.deepEqual(map.keys, ["a", "b", "c"]);
    map.set("d", "1");
    assert.deepEqual(map.keys, ["b", "c", "d"]);
    map.set("e", "12345678901");
    assert.deepEqual(map.keys, []);
    map.set("f", "1234567890");
    map.delete("f");
    map.delete("f");
    map.set("g", "1234567890");
    assert.deepEqual(map.keys, ["g"]);
  });

  it("counts a key that is set again once", () => {
    const map = new RecentMap<string, Float32Array>(80, ({ byteLength }) => byteLength);
    for (const key of ["a", "b", "b", "b"]) map.set(key, new Float32Array(10));
    assert.deepEqual(map.keys, ["a", "b"]);
  });
});
