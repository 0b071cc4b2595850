import assert from "node:assert/strict";
import fc from "fast-check";
import { childMessageSchema } from "../../src/api";
import { isChildMessage } from "../../src/embedded/child-message";

const text = fc.oneof(fc.constant(""), fc.string(), fc.integer(), fc.constant(undefined));
const value = fc.oneof(
  fc.anything(),
  fc.record({ type: fc.constantFrom("ready", "failed", "start"), url: text }),
  fc.record({ type: fc.constantFrom("ready", "failed", "start"), message: text }),
);

describe("isChildMessage", () => {
  it("accepts all that the schema of the channel accepts", () => {
    fc.assert(
      fc.property(value, (message) => {
        if (childMessageSchema.safeParse(message).success) assert.ok(isChildMessage(message));
      }),
    );
  });

  it("refuses messages without the part that is read", () => {
    for (const message of [
      undefined,
      null,
      "ready",
      {},
      { type: "ready" },
      { type: "ready", url: "" },
      { type: "failed" },
    ]) {
      assert.equal(isChildMessage(message), false, JSON.stringify(message));
      assert.equal(childMessageSchema.safeParse(message).success, false);
    }
  });
});
