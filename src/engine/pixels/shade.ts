import type { LabImage } from "./lab";

/** Remaining weight of lightness. */
const LIGHTNESS = 0.3;
/** The lightness to which all chroma is scaled, and the terms that keep that of dark pixels from growing without bound. */
const REFERENCE = 50;
const DARK = 12;
const MAX_FACTOR = 2.5;

/** The factor that undoes a shadow in the chroma of a pixel of this lightness (0..100). */
export function chromaFactor(lightness: number): number {
  return Math.min(MAX_FACTOR, REFERENCE / (lightness + DARK));
}

/**
 * A picture whose colours a shadow hardly changes: shade darkens a surface and takes chroma in proportion, so chroma is
 * taken relative to lightness, and lightness itself counts little.
 */
export function withoutShade({ width, height, l, a, b, gain }: LabImage): LabImage {
  return {
    width,
    height,
    gain,
    l: l.map((lightness) => LIGHTNESS * lightness),
    a: a.map((value, i) => value * chromaFactor(l[i]! / gain)),
    b: b.map((value, i) => value * chromaFactor(l[i]! / gain)),
  };
}
