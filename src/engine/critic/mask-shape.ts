import { isOnContour } from "../pixels/mask";
import type { FeatureContext } from "./feature-context";

/** An edge weaker than this share of the picture's mean gradient counts as none. */
const WEAK_EDGE = 0.7;

/** Measures of a mask, in pixels of its grid. */
export interface MaskShape {
  area: number;
  /** Its bounds; all four belong to it. */
  left: number;
  right: number;
  top: number;
  bottom: number;
  centreX: number;
  centreY: number;
  /** Pixels on the picture's border. */
  border: number;
  /** Pixels on the contour. */
  perimeter: number;
  /** Sum of the gradient along the contour. */
  edgeGradient: number;
  /** Pixels of the contour without an edge. */
  weakEdges: number;
}

/** Measures a mask (1 = object, one byte a pixel); undefined when it is empty. */
export function measureShape(
  { width, height, gradient, meanGradient }: FeatureContext,
  mask: Uint8Array,
): MaskShape | undefined {
  const shape: MaskShape = {
    area: 0,
    left: width,
    right: -1,
    top: height,
    bottom: -1,
    centreX: 0,
    centreY: 0,
    border: 0,
    perimeter: 0,
    edgeGradient: 0,
    weakEdges: 0,
  };
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      if (!mask[i]) continue;
      shape.area += 1;
      shape.centreX += x;
      shape.centreY += y;
      if (x < shape.left) shape.left = x;
      if (x > shape.right) shape.right = x;
      if (y < shape.top) shape.top = y;
      if (y > shape.bottom) shape.bottom = y;
      if (x === 0 || y === 0 || x === width - 1 || y === height - 1) shape.border += 1;
      if (!isOnContour(mask, width, height, x, y)) continue;
      shape.perimeter += 1;
      const edge = Math.max(gradient[i]!, x > 0 ? gradient[i - 1]! : 0, y > 0 ? gradient[i - width]! : 0);
      shape.edgeGradient += edge;
      if (edge < WEAK_EDGE * meanGradient) shape.weakEdges += 1;
    }
  }
  if (shape.area === 0) return undefined;
  shape.centreX /= shape.area;
  shape.centreY /= shape.area;
  return shape;
}
