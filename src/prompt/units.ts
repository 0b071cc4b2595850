import type { ImageSize } from "../api";
import { invalidPrompt } from "./fields";

/** The unit of coordinates: fractions (0..1) of the upright picture, or its pixels (0..width, 0..height). */
export type Units = "fraction" | "pixel";

/** The unit of coordinates; pixels need the size of the upright picture. */
export type Frame = { units: "fraction" } | { units: "pixel"; imageSize: ImageSize };

/** How far sums such as x + width may be beyond the edge because of rounding, in fractions. */
const ROUNDING = 1e-9;

/**
 * Turns one coordinate into a fraction of the upright picture.
 * @param field its name in the message, for errors
 * @throws {SegmentError} `invalid-prompt` when it is outside the picture: it is not moved to the edge
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
