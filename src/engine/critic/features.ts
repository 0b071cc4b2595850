import { pointLabel, type BoundingBox, type Point, type Prompt } from "../../api";
import { colourSeparation, type ColourSeparation } from "./colour-separation";
import type { FeatureContext } from "./feature-context";
import { measureShape, type MaskShape } from "./mask-shape";

/**
 * The features by which the critic judges a mask; their names are those in the critic's files. A mask is measured on the
 * grid of its picture's `FeatureContext`. "Size" means √area.
 */
export interface MaskFeatures extends ColourSeparation, Partial<BoxFit>, Partial<PointFit> {
  /** The model's own estimate of the IoU, where it has one. */
  predictedIou?: number;
  /** Area of logits > 1 over area of logits > −1, where there are logits. */
  stability?: number;
  /** Share of the picture, and its logarithm. */
  areaShare: number;
  logAreaShare: number;
  /** Mask pixels on the picture's border, over the border's length and over the size. */
  borderShare: number;
  borderOverSize: number;
  logPerimeterOverSize: number;
  /** log(mean gradient on the contour / mean gradient of the picture). */
  logEdgeStrength: number;
  /** Share of the contour without an edge. */
  weakEdgeShare: number;
  /** Mean IoU with the other candidates. */
  agreement: number;
}

/** Features of a mask for a prompt with a box. */
interface BoxFit {
  /** IoU of the mask's bounding box with the box. */
  boxIou: number;
  /** Area over the box's area. */
  boxFill: number;
  /** Share of the mask outside the box. */
  outsideBox: number;
  /** Width and height over the box's, at most 1. */
  boxSpanX: number;
  boxSpanY: number;
}

/** Features of a mask for a prompt with points. */
interface PointFit {
  /** Share of the points that the mask obeys. */
  obeyedPoints: number;
  /** Distance of the first foreground point from the mask's centre, over the size. */
  centreDistance: number;
}

/** A candidate mask and the model's estimates of it. */
export interface Candidate {
  /** 1 = object, one byte a pixel of the context's grid. */
  mask: Uint8Array;
  predictedIou?: number;
  stability?: number;
  /** Mean IoU with the other candidates. */
  agreement: number;
}

/** Measures a candidate; undefined for an empty mask. */
export function maskFeatures(context: FeatureContext, prompt: Prompt, candidate: Candidate): MaskFeatures | undefined {
  const shape = measureShape(context, candidate.mask);
  if (!shape) return undefined;
  const { area } = shape;
  const root = Math.sqrt(area);
  return {
    predictedIou: candidate.predictedIou,
    stability: candidate.stability,
    areaShare: area / candidate.mask.length,
    logAreaShare: Math.log(area / candidate.mask.length + 1e-4),
    borderShare: shape.border / (2 * (context.width + context.height)),
    borderOverSize: shape.border / root,
    logPerimeterOverSize: Math.log(shape.perimeter / root),
    logEdgeStrength: Math.log(shape.edgeGradient / Math.max(1, shape.perimeter) / context.meanGradient + 0.1),
    weakEdgeShare: shape.weakEdges / Math.max(1, shape.perimeter),
    ...colourSeparation(context, candidate.mask, shape),
    agreement: candidate.agreement,
    ...(prompt.boundingBox ? boxFit(context, candidate.mask, shape, prompt.boundingBox) : {}),
    ...(prompt.points?.length ? pointFit(context, candidate.mask, shape, prompt.points) : {}),
  };
}

function boxFit({ width, height }: FeatureContext, mask: Uint8Array, shape: MaskShape, box: BoundingBox): BoxFit {
  const x0 = box.xMin * width;
  const y0 = box.yMin * height;
  const x1 = box.xMax * width;
  const y1 = box.yMax * height;
  const boxArea = (x1 - x0) * (y1 - y0);
  const spanX = shape.right + 1 - shape.left;
  const spanY = shape.bottom + 1 - shape.top;
  const overlapX = Math.max(0, Math.min(x1, shape.right + 1) - Math.max(x0, shape.left));
  const overlapY = Math.max(0, Math.min(y1, shape.bottom + 1) - Math.max(y0, shape.top));
  const overlap = overlapX * overlapY;
  let outside = 0;
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      if (mask[i] && (x + 1 < x0 || x > x1 || y + 1 < y0 || y > y1)) outside += 1;
    }
  }
  return {
    boxIou: overlap / (boxArea + spanX * spanY - overlap),
    boxFill: shape.area / boxArea,
    outsideBox: outside / shape.area,
    boxSpanX: Math.min(1, spanX / (x1 - x0)),
    boxSpanY: Math.min(1, spanY / (y1 - y0)),
  };
}

function pointFit({ width, height }: FeatureContext, mask: Uint8Array, shape: MaskShape, points: Point[]): PointFit {
  const pixel = (fraction: number, size: number): number =>
    Math.min(size - 1, Math.max(0, Math.round(fraction * size - 0.5)));
  const obeyed = points.filter(
    (point) => mask[pixel(point.y, height) * width + pixel(point.x, width)] === pointLabel(point),
  ).length;
  const first = points.find((point) => pointLabel(point) === 1) ?? points[0]!;
  return {
    obeyedPoints: obeyed / points.length,
    centreDistance:
      Math.hypot(first.x * width - shape.centreX, first.y * height - shape.centreY) / Math.sqrt(shape.area),
  };
}
