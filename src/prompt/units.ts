import type { ImageSize } from "../api";
import { invalidPrompt } from "./fields";

/** What coordinates are given in: fractions (0..1) of the upright picture, or its pixels (0..width, 0..height). */
export type Units = "fraction" | "pixel";

/** Units of coordinates; pixels need the size of the upright picture. */
export type Frame = { units: "fraction" } | { units: "pixel"; imageSize: ImageSize };

/** How far sums such as x + width may lie beyond the edge by rounding alone, in fractions. */
const ROUNDING = 1e-9;

/**
 * Turns one coordinate into a fraction of the upright picture.
 * @param field how the message calls it, for the error
 * @throws {SegmentError} `invalid-prompt` when it lies outside the picture: it is not moved to the edge
 */
export function toFraction(field: string, value: number, side: "width" | "height", frame: Frame): number {
  const length = frame.units === "pixel" ? frame.imageSize[side] : 1;
  const fraction = value / length;
  if (fraction < -ROUNDING || fraction > 1 + ROUNDING) {
    const range = frame.units === "pixel" ? `0..${length} pixels` : "0..1 (for pixels choose the unit pixel)";
    throw invalidPrompt(field, `lies outside the picture, must be within ${range}`, value);
  }
  return Math.min(1, Math.max(0, fraction));
}
