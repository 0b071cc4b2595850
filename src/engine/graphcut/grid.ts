import type { BoundingBox, Point } from "../../api";

/** A box in pixels of a frame; not always whole ones. */
export interface PixelBox {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The part of a box that is inside the frame. @param box in fractions of the frame */
export function pixelBox(box: BoundingBox, width: number, height: number): PixelBox {
  return {
    left: Math.max(0, box.xMin) * width,
    top: Math.max(0, box.yMin) * height,
    right: Math.min(1, box.xMax) * width,
    bottom: Math.min(1, box.yMax) * height,
  };
}

/** Index of the pixel at a point. @param point in fractions of the frame */
export function pixelAt(point: Point, width: number, height: number): number {
  const x = Math.min(width - 1, Math.max(0, Math.round(point.x * width - 0.5)));
  const y = Math.min(height - 1, Math.max(0, Math.round(point.y * height - 0.5)));
  return y * width + x;
}
