import assert from "node:assert/strict";
import { clearOutside, fillHoles, keepCentralPart, keepParts } from "../../../src/engine/graphcut/components";

/** "#" = object. */
function parse(...rows: string[]): { mask: Uint8Array; width: number; height: number } {
  return {
    mask: Uint8Array.from(rows.join(""), (char) => (char === "#" ? 1 : 0)),
    width: rows[0]!.length,
    height: rows.length,
  };
}
function draw(mask: Uint8Array, width: number): string[] {
  return Array.from({ length: mask.length / width }, (_, row) =>
    Array.from(mask.subarray(row * width, (row + 1) * width), (value) => (value ? "#" : ".")).join(""),
  );
}
const TWO = parse("####...", "####...", "####.##", "####.##", ".......");

describe("keepParts", () => {
  it("keeps the part under a click", () => {
    const kept = keepParts(TWO.mask, TWO.width, TWO.height, [{ x: 5.5 / 7, y: 2.5 / 5 }]);
    assert.deepEqual(draw(kept, 7), [".......", ".......", ".....##", ".....##", "......."]);
  });

  it("keeps all but noise where no part is clicked", () => {
    const grown = Uint8Array.from(TWO.mask);
    grown[4 * 7] = 0;
    grown[4 * 7 + 6] = 0;
    grown[6] = 1;
    const kept = keepParts(grown, TWO.width, TWO.height, [{ x: 5.5 / 7, y: 4.5 / 5 }]);
    assert.deepEqual(draw(kept, 7), draw(TWO.mask, 7));
  });
});

describe("keepCentralPart", () => {
  it("takes the part at the box's centre, not the larger one at its side", () => {
    const box = { left: 4, top: 1, right: 7, bottom: 5 };
    assert.deepEqual(draw(keepCentralPart(TWO.mask, TWO.width, TWO.height, box, []), 7)[2], ".....##");
  });

  it("takes the part under a click before that", () => {
    const box = { left: 4, top: 1, right: 7, bottom: 5 };
    const kept = keepCentralPart(TWO.mask, TWO.width, TWO.height, box, [{ x: 1.5 / 7, y: 1.5 / 5 }]);
    assert.deepEqual(draw(kept, 7)[2], "####...");
  });

  it("leaves an empty mask empty", () => {
    const box = { left: 0, top: 0, right: 2, bottom: 2 };
    assert.deepEqual(keepCentralPart(new Uint8Array(4), 2, 2, box, []), new Uint8Array(4));
  });
});

describe("fillHoles", () => {
  const RING = parse("........", ".######.", ".##.###.", ".######.", ".######.", "........");

  it("fills a small hole", () => {
    assert.equal(draw(fillHoles(RING.mask, RING.width, RING.height, []), 8)[2], ".######.");
  });

  it("leaves a hole with a background point open", () => {
    const points = [{ x: 3.5 / 8, y: 2.5 / 6, label: 0 as const }];
    assert.deepEqual(draw(fillHoles(RING.mask, RING.width, RING.height, points), 8), draw(RING.mask, 8));
  });

  it("leaves a large hole and the outside open", () => {
    const washer = parse("#####", "#...#", "#...#", "#####");
    assert.deepEqual(draw(fillHoles(washer.mask, 5, 4, []), 5), draw(washer.mask, 5));
  });
});

describe("clearOutside", () => {
  it("leaves one pixel of slack", () => {
    const { mask, width, height } = parse("#######", "#######", "#######");
    clearOutside(mask, width, height, { left: 3, top: 0, right: 4, bottom: 3 });
    assert.deepEqual(draw(mask, width), ["..###..", "..###..", "..###.."]);
  });
});
