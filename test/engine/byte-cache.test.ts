import assert from "node:assert/strict";
import { ByteCache } from "../../src/engine/byte-cache";

describe("ByteCache", () => {
  const cacheOf = (maxBytes: number): ByteCache<Float32Array> => new ByteCache(maxBytes, (entry) => entry.byteLength);
  const entry = new Float32Array(10); // 40 bytes

  it("drops the entry used longest ago when its bytes are used up", () => {
    const cache = cacheOf(120);
    for (const key of ["a", "b", "c"]) cache.set(key, entry);
    assert.ok(cache.get("a"));
    cache.set("d", entry);
    assert.deepEqual(cache.keys, ["c", "a", "d"]);
    assert.equal(cache.get("b"), undefined);
  });

  it("counts a key that is set again once", () => {
    const cache = cacheOf(80);
    for (const key of ["a", "b", "b", "b"]) cache.set(key, entry);
    assert.deepEqual(cache.keys, ["a", "b"]);
  });
});
