import { pointLabel, type BoundingBox, type Point, type Prompt } from "../../api";
import type { LabImage } from "../pixels/lab";

/**
 * What the critic looks at. A mask is measured on the grid of its picture's `LabImage`; the short names are those of
 * the fitted models.
 */
export interface MaskFeatures {
  /** The model's own predicted IoU, where it has one. */
  p?: number;
  /** Stability: area of logits > 1 over area of logits > −1, where there are logits. */
  st?: number;
  /** Share of the picture, and its logarithm. */
  a: number;
  la: number;
  /** Mask pixels on the picture's border, over the border's length and over √area. */
  bord: number;
  bordA: number;
  /** log(perimeter / √area). */
  per: number;
  /** log(mean gradient on the contour / mean gradient of the picture), and the share of the contour without an edge. */
  eg: number;
  elow: number;
  /** 1 − Bhattacharyya coefficient of the mask's colours with those of a ring around it, and of all the rest. */
  sep: number;
  sepg: number;
  /** Mean IoU with the other candidates. */
  cons: number;
  /** With a box: IoU of the mask's bounding box, area over the box's, share outside, spans over the box's. */
  bfit?: number;
  fill?: number;
  out?: number;
  spx?: number;
  spy?: number;
  /** With points: share that is obeyed, and distance of the first on the object from the mask's centre over √area. */
  hit?: number;
  cd?: number;
}

/** What is computed once a picture. */
export interface FeatureContext {
  width: number;
  height: number;
  gradient: Float32Array;
  meanGradient: number;
  /** The bin of each pixel's colour in a histogram of `HISTOGRAM_BINS`, and how many pixels each bin has. */
  colourBin: Uint16Array;
  colourCounts: Int32Array;
}

const BINS = 8;
const HISTOGRAM_BINS = BINS ** 3;
/** A channel with less range than this is not spread over all bins. */
const MIN_RANGE = 25;
/** Width of the ring around a mask as a share of the picture's long side. */
const RING = 0.06;
const WEAK_EDGE = 0.7;

/** Prepares a picture for `maskFeatures`. */
export function featureContext(image: LabImage): FeatureContext {
  const { width, height } = image;
  const gradient = new Float32Array(width * height);
  let sum = 0;
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      const right = x < width - 1 ? i + 1 : i;
      const below = y < height - 1 ? i + width : i;
      let horizontal = 0;
      let vertical = 0;
      for (const plane of [image.l, image.a, image.b]) {
        horizontal += (plane[right]! - plane[i]!) ** 2;
        vertical += (plane[below]! - plane[i]!) ** 2;
      }
      gradient[i] = Math.sqrt(Math.max(horizontal, vertical));
      sum += gradient[i]!;
    }
  }
  const colourBin = colourBins([image.l, image.a, image.b]);
  const colourCounts = new Int32Array(HISTOGRAM_BINS);
  for (let i = 0; i < colourBin.length; i += 1) colourCounts[colourBin[i]!]! += 1;
  return { width, height, gradient, meanGradient: sum / gradient.length + 1e-3, colourBin, colourCounts };
}

function colourBins(planes: Float32Array[]): Uint16Array {
  const result = new Uint16Array(planes[0]!.length);
  for (const plane of planes) {
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < plane.length; i += 1) {
      if (plane[i]! < low) low = plane[i]!;
      if (plane[i]! > high) high = plane[i]!;
    }
    const range = Math.max(MIN_RANGE, high - low);
    for (let i = 0; i < plane.length; i += 1) {
      const bin = Math.min(BINS - 1, (((plane[i]! - low) / range) * BINS) | 0);
      result[i] = result[i]! * BINS + bin;
    }
  }
  return result;
}

/** A candidate mask and what the model said of it. */
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
    p: candidate.predictedIou,
    st: candidate.stability,
    a: area / candidate.mask.length,
    la: Math.log(area / candidate.mask.length + 1e-4),
    bord: shape.border / (2 * (context.width + context.height)),
    bordA: shape.border / root,
    per: Math.log(shape.perimeter / root),
    eg: Math.log(shape.edgeGradient / Math.max(1, shape.perimeter) / context.meanGradient + 0.1),
    elow: shape.weakEdges / Math.max(1, shape.perimeter),
    ...colourSeparation(context, candidate.mask, shape),
    cons: candidate.agreement,
    ...(prompt.boundingBox ? boxFit(context, candidate.mask, shape, prompt.boundingBox) : {}),
    ...(prompt.points?.length ? pointFit(context, candidate.mask, shape, prompt.points) : {}),
  };
}

/** Intersection over union of two masks of one size; 0 when both are empty. */
export function maskIou(a: Uint8Array, b: Uint8Array): number {
  let intersection = 0;
  let union = 0;
  for (let i = 0; i < a.length; i += 1) {
    intersection += a[i]! & b[i]!;
    union += a[i]! | b[i]!;
  }
  return union === 0 ? 0 : intersection / union;
}

interface Shape {
  area: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
  centreX: number;
  centreY: number;
  border: number;
  perimeter: number;
  edgeGradient: number;
  weakEdges: number;
}

function measureShape({ width, height, gradient, meanGradient }: FeatureContext, mask: Uint8Array): Shape | undefined {
  const shape: Shape = {
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
      const onContour =
        (x < width - 1 && !mask[i + 1]) ||
        (y < height - 1 && !mask[i + width]) ||
        (x > 0 && !mask[i - 1]) ||
        (y > 0 && !mask[i - width]);
      if (!onContour) continue;
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

function colourSeparation(context: FeatureContext, mask: Uint8Array, shape: Shape): { sep: number; sepg: number } {
  const { width, height, colourBin, colourCounts } = context;
  const radius = Math.max(4, Math.round(RING * Math.max(width, height)));
  const area = {
    left: Math.max(0, shape.left - radius),
    right: Math.min(width - 1, shape.right + radius),
    top: Math.max(0, shape.top - radius),
    bottom: Math.min(height - 1, shape.bottom + radius),
  };
  const near = dilate(mask, width, area, radius);
  const inside = new Int32Array(HISTOGRAM_BINS);
  const ring = new Int32Array(HISTOGRAM_BINS);
  for (let y = area.top; y <= area.bottom; y += 1) {
    for (let i = y * width + area.left, end = y * width + area.right; i <= end; i += 1) {
      if (mask[i]) inside[colourBin[i]!]! += 1;
      else if (near[i]) ring[colourBin[i]!]! += 1;
    }
  }
  const rest = colourCounts.map((count, bin) => count - inside[bin]!);
  return { sep: separation(inside, ring), sepg: separation(inside, rest) };
}

/** 1 − the Bhattacharyya coefficient of two histograms; 0 when the second is empty. */
function separation(a: Int32Array, b: Int32Array): number {
  let [sumA, sumB, coefficient] = [0, 0, 0];
  for (let bin = 0; bin < a.length; bin += 1) {
    sumA += a[bin]!;
    sumB += b[bin]!;
    coefficient += Math.sqrt(a[bin]! * b[bin]!);
  }
  return sumB === 0 ? 0 : 1 - coefficient / Math.sqrt(sumA * sumB);
}

/** A part of a grid; all sides belong to it. */
type Area = Pick<Shape, "left" | "right" | "top" | "bottom">;

/** Grows a mask by a square of `radius` pixels each way, within an area that holds all of the mask. */
function dilate(mask: Uint8Array, width: number, area: Area, radius: number): Uint8Array {
  return dilateDown(dilateAcross(mask, width, area, radius), width, area, radius);
}

function dilateAcross(mask: Uint8Array, width: number, { left, right, top, bottom }: Area, radius: number): Uint8Array {
  const result = new Uint8Array(mask.length);
  for (let y = top; y <= bottom; y += 1) {
    const end = y * width + right;
    // Up to where, from the left, the row is filled.
    let filled = y * width + left;
    for (let i = filled; i <= end; i += 1) {
      if (!mask[i]) continue;
      filled = Math.max(filled, i - radius);
      for (const last = Math.min(end, i + radius); filled <= last; filled += 1) result[filled] = 1;
    }
  }
  return result;
}

function dilateDown(mask: Uint8Array, width: number, { left, right, top, bottom }: Area, radius: number): Uint8Array {
  const result = new Uint8Array(mask.length);
  // Set pixels in the columns of a window that slides down over the rows.
  const count = new Uint16Array(width);
  for (let y = top - radius; y <= bottom; y += 1) {
    const row = y * width;
    const entering = y + radius <= bottom ? (y + radius) * width : -1;
    const leaving = y - radius - 1 >= top ? (y - radius - 1) * width : -1;
    for (let x = left; x <= right; x += 1) {
      if (entering >= 0) count[x]! += mask[entering + x]!;
      if (leaving >= 0) count[x]! -= mask[leaving + x]!;
      if (y >= top && count[x]! > 0) result[row + x] = 1;
    }
  }
  return result;
}

function boxFit(
  { width, height }: FeatureContext,
  mask: Uint8Array,
  shape: Shape,
  box: BoundingBox,
): Required<Pick<MaskFeatures, "bfit" | "fill" | "out" | "spx" | "spy">> {
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
    bfit: overlap / (boxArea + spanX * spanY - overlap),
    fill: shape.area / boxArea,
    out: outside / shape.area,
    spx: Math.min(1, spanX / (x1 - x0)),
    spy: Math.min(1, spanY / (y1 - y0)),
  };
}

function pointFit(
  { width, height }: FeatureContext,
  mask: Uint8Array,
  shape: Shape,
  points: Point[],
): Required<Pick<MaskFeatures, "hit" | "cd">> {
  const pixel = (fraction: number, size: number): number =>
    Math.min(size - 1, Math.max(0, Math.round(fraction * size - 0.5)));
  const obeyed = points.filter(
    (point) => mask[pixel(point.y, height) * width + pixel(point.x, width)] === pointLabel(point),
  ).length;
  const first = points.find((point) => pointLabel(point) === 1) ?? points[0]!;
  return {
    hit: obeyed / points.length,
    cd: Math.hypot(first.x * width - shape.centreX, first.y * height - shape.centreY) / Math.sqrt(shape.area),
  };
}
