import assert from "node:assert/strict";
import { lazy } from "../../src/async/lazy";

describe("what is loaded when it is needed", () => {
  it("is loaded once, and tried again after a failure", async () => {
    let tries = 0;
    const load = lazy(() =>
      ++tries === 1 ? Promise.reject(new Error("too many open files")) : Promise.resolve(tries),
    );
    await assert.rejects(load(), /too many/);
    assert.deepEqual([await load(), await load()], [2, 2]);
  });
});
