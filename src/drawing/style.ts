/**
 * The style of every drawing of this package: the SVG for pages, the overlay picture and the prompt editor. Lengths are
 * in units of the thin line, see `thinLine`; opacities are attributes of SVG.
 */
import type { ImageSize } from "../api";

/** The outline of a segment: a line in its colour on a wider dark halo, which shows on bright and on dark ground. */
export const OUTLINE = { line: 2, halo: 4, haloOpacity: ".6", fillOpacity: ".35" } as const;
/** The box of a prompt: white dashes on black. */
export const BOX = { line: 1.5, dash: 6, gap: 4 } as const;
/** The point of a prompt: a disc with a sign on it. `arm` is half the length of the sign's lines. */
export const POINT = { line: 1.5, radius: 6, arm: 3 } as const;

/** Thin lines in the longer side of a picture, so that a drawing looks the same at every size. */
const LINES_PER_SIDE = 500;

/** Width in px of a thin line on a picture of that size. */
export function thinLine({ width, height }: ImageSize): number {
  return Math.max(1, Math.max(width, height) / LINES_PER_SIDE);
}
