import assert from "node:assert/strict";
import fc from "fast-check";
import { maskIou } from "../../../src/engine/pixels/mask";
import { agreements, bitIou, toBits } from "../../../src/engine/pixels/bit-mask";

/** Masks of one size. */
const masks = fc
  .integer({ min: 0, max: 100 })
  .chain((length) =>
    fc.array(fc.array(fc.constantFrom(0, 1), { minLength: length, maxLength: length }), { minLength: 1, maxLength: 5 }),
  )
  .map((each) => each.map((pixels) => Uint8Array.from(pixels)));

describe("masks as bits", () => {
  it("have the IoU of the masks", () => {
    fc.assert(
      fc.property(masks, ([one = new Uint8Array(), other = one]) => {
        assert.equal(bitIou(toBits(one), toBits(other)), maskIou(one, other));
      }),
    );
  });

  it("agree as much as their IoU with the others is on average", () => {
    fc.assert(
      fc.property(masks, (all) => {
        const found = agreements(all, maskIou);
        all.forEach((mask, i) => {
          const others = all.filter((_, j) => j !== i);
          const mean = others.reduce((sum, other) => sum + maskIou(mask, other), 0) / Math.max(1, others.length);
          assert.ok(Math.abs((found[i] ?? NaN) - mean) < 1e-12);
        });
      }),
    );
  });
});
