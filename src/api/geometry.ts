import { z } from "zod";

const fraction = z.number().min(0).max(1);

/**
 * A prompt point. `x`, `y` are fractions (0..1) of the upright picture's width and height, origin at the top left;
 * `label` 1 = foreground (the default), 0 = background.
 */
export const pointSchema = z.strictObject({ x: fraction, y: fraction, label: z.literal([0, 1]).optional() });
export type Point = z.infer<typeof pointSchema>;

/** A bounding box with corners in fractions (0..1) of the upright picture, `xMin < xMax` and `yMin < yMax`. */
export const boundingBoxSchema = z
  .strictObject({ xMin: fraction, yMin: fraction, xMax: fraction, yMax: fraction })
  .refine((box) => box.xMin < box.xMax, { path: ["xMin"], error: "xMin must be less than xMax" })
  .refine((box) => box.yMin < box.yMax, { path: ["yMin"], error: "yMin must be less than yMax" });
export type BoundingBox = z.infer<typeof boundingBoxSchema>;

/** The label of a point: 1 (foreground) by default. */
export function pointLabel(point: Point): 0 | 1 {
  return point.label ?? 1;
}

/** Width and height in pixels of the upright picture (EXIF orientation applied). */
export const imageSizeSchema = z.object({ width: z.number().int().positive(), height: z.number().int().positive() });
export type ImageSize = z.infer<typeof imageSizeSchema>;

/** The most pixels of a picture. Checked in the file header, before anything is decoded. */
export const MAX_PIXELS = 50_000_000;
