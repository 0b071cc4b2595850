import assert from "node:assert/strict";
import { toLab } from "../../../src/engine/pixels/lab";
import { withoutShade } from "../../../src/engine/pixels/shade";

/** A wall of one paint, its right half in the shade. */
const data = Uint8Array.from({ length: 3 * 40 * 20 }, (_, k) => {
  const paint = [180, 90, 60][k % 3]!;
  return Math.floor(k / 3) % 40 < 20 ? paint : paint * 0.6;
});

describe("withoutShade", () => {
  it("moves the colors of light and shade close together, and keeps those of different paints apart", () => {
    const lab = toLab({ width: 40, height: 20, data });
    const flat = withoutShade(lab);
    const step = ({ l, a, b }: typeof lab): number =>
      Math.hypot(l[405]! - l[435]!, a[405]! - a[435]!, b[405]! - b[435]!);
    assert.ok(step(flat) < 0.5 * step(lab), `${step(lab)} -> ${step(flat)}`);
    assert.ok(Math.hypot(flat.a[405]!, flat.b[405]!) > 20, "chroma stays");
  });
});
