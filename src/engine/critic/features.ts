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
  /** With points: share that is obeyed, and distance of the first from the mask's centre over √area. */
  hit?: number;
  cd?: number;
}

/** What is computed once a picture. */
export interface FeatureContext {
  width: number;
  height: number;
  gradient: Float32Array;
  meanGradient: number;
  /** The bin of each pixel's colour in a histogram of `HISTOGRAM_BINS`. */
  colourBin: Uint16Array;
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
  return {
    width,
    height,
    gradient,
    meanGradient: sum / gradient.length + 1e-3,
    colourBin: colourBins([image.l, image.a, image.b]),
  };
}

function colourBins(planes: Float32Array[]): Uint16Array {
  const result = new Uint16Array(planes[0]!.length);
  for (const plane of planes) {
    let low = Infinity;
    let high = -Infinity;
    for (const value of plane) {
      if (value < low) low = value;
      if (value > high) high = value;
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
}

/** Measures a candidate; undefined for an empty mask. */
export function maskFeatures(
  context: FeatureContext,
  prompt: Prompt,
  candidate: Candidate,
  others: Candidate[],
): MaskFeatures | undefined {
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
    ...colourSeparation(context, candidate.mask, area),
    cons: others.length
      ? others.reduce((sum, other) => sum + maskIou(candidate.mask, other.mask), 0) / others.length
      : 0,
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

function colourSeparation(context: FeatureContext, mask: Uint8Array, area: number): { sep: number; sepg: number } {
  const { width, height, colourBin } = context;
  const near = dilate(mask, width, height, Math.max(4, Math.round(RING * Math.max(width, height))));
  const inside = new Float32Array(HISTOGRAM_BINS);
  const ring = new Float32Array(HISTOGRAM_BINS);
  const rest = new Float32Array(HISTOGRAM_BINS);
  let ringArea = 0;
  for (let i = 0; i < mask.length; i += 1) {
    const bin = colourBin[i]!;
    if (mask[i]) {
      inside[bin]! += 1;
      continue;
    }
    rest[bin]! += 1;
    if (near[i]) {
      ring[bin]! += 1;
      ringArea += 1;
    }
  }
  return {
    sep: separation(inside, area, ring, ringArea),
    sepg: separation(inside, area, rest, mask.length - area),
  };
}

function separation(a: Float32Array, areaA: number, b: Float32Array, areaB: number): number {
  if (areaB === 0) return 0;
  let coefficient = 0;
  for (let bin = 0; bin < a.length; bin += 1) coefficient += Math.sqrt(a[bin]! * b[bin]!);
  return 1 - coefficient / Math.sqrt(areaA * areaB);
}

/** Grows a mask by a square of `radius` pixels each way. */
function dilate(mask: Uint8Array, width: number, height: number, radius: number): Uint8Array {
  const rows = dilateLines(mask, height, width, width, 1, radius);
  return dilateLines(rows, width, height, 1, width, radius);
}

function dilateLines(
  mask: Uint8Array,
  lines: number,
  length: number,
  lineStep: number,
  step: number,
  radius: number,
): Uint8Array {
  const result = new Uint8Array(mask.length);
  for (let line = 0; line < lines; line += 1) {
    const start = line * lineStep;
    let last = -Infinity;
    for (let k = 0; k < length; k += 1) {
      if (mask[start + k * step]) last = k;
      if (k - last <= radius) result[start + k * step] = 1;
    }
    last = Infinity;
    for (let k = length - 1; k >= 0; k -= 1) {
      if (mask[start + k * step]) last = k;
      if (last - k <= radius) result[start + k * step] = 1;
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
  const first = points[0]!;
  return {
    hit: obeyed / points.length,
    cd: Math.hypot(first.x * width - shape.centreX, first.y * height - shape.centreY) / Math.sqrt(shape.area),
  };
}
