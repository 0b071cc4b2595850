import assert from "node:assert/strict";
import { isOnContour, maskIou } from "../../../src/engine/pixels/mask";

/** Rows of a mask, `#` = object. */
function maskOf(...rows: string[]): Uint8Array {
  return Uint8Array.from(rows.join(""), (character) => (character === "#" ? 1 : 0));
}

describe("a mask", () => {
  it("has its contour on both sides, but not along the picture's border", () => {
    const mask = maskOf("##...", "##...", ".....");
    const contour = Array.from(mask, (_, i) => (isOnContour(mask, 5, 3, i % 5, Math.floor(i / 5)) ? "x" : "-"));
    assert.deepEqual(contour.join("").match(/.{5}/g), ["-xx--", "xxx--", "xx---"]);
  });

  it("is compared with another by intersection over union", () => {
    const [square, row] = [maskOf("##..", "##.."), maskOf("####", "....")];
    assert.equal(maskIou(square, square), 1);
    assert.equal(maskIou(square, row), 2 / 6);
    assert.equal(maskIou(maskOf("...."), maskOf("....")), 0);
  });
});
