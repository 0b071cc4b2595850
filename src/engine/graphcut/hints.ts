import { pointLabel, type Point, type Prompt } from "../../api";
import { geodesicDistance, type Source } from "./geodesic";
import { otherEnd, type RegionGraph } from "./region-graph";

/** What a prompt says of each region before its colour is looked at. */
export interface Hints {
  /** 1 = object, −1 = background for certain, 0 = open. */
  fixed: Int8Array;
  /** Leaning to the object (> 0) or the background (< 0). */
  prior: Float64Array;
  /** Whether the prompt has a box. */
  boxed: boolean;
}

/** How strongly the parts of a prompt are believed. */
export interface HintOptions {
  /** Weight of the geodesic distance to clicks where there is no box. */
  clickWeight: number;
  /** The object's share of the box's width and height, for the prior that puts it at the box's centre. */
  centreShare: number;
  /** Weight of that prior. */
  centreWeight: number;
  /** Weight of the geodesic distance from the box's border. */
  depthWeight: number;
  /** The distance, as a share of the greatest, at which a region is as likely object as background, times two. */
  fullDepth: number;
}

export const HINTS: HintOptions = {
  clickWeight: 1.587,
  centreShare: 1,
  centreWeight: 0.433,
  depthWeight: 0.622,
  fullDepth: 0.557,
};

/** Weight of the geodesic distance to clicks beside a box. */
const BOXED_CLICK_WEIGHT = 0.15;
/** Distance that the frame's border starts with, without and with background clicks. */
const BORDER_OFFSET = 4.349;
const BORDER_OFFSET_CLICKS = 3.854;
/** Objects lie within this share of the diagonal around a click; weight of that. */
const CLICK_RADIUS = 0.272;
const NEARNESS_WEIGHT = 0.239;
/** Fewer certain regions than this around a box say nothing. */
const MIN_OUTSIDE = 3;

/**
 * Turns a prompt into hints on a frame's regions.
 * @param prompt in fractions of the frame
 */
export function readPrompt(
  graph: RegionGraph,
  width: number,
  height: number,
  prompt: Prompt,
  options: HintOptions,
): Hints {
  const fixed = new Int8Array(graph.count);
  const prior = new Float64Array(graph.count);
  const points = (prompt.points ?? []).filter((point) => inside(point.x) && inside(point.y));
  const box = prompt.boundingBox;
  if (box) {
    fixOutside(graph, width, height, box, fixed);
    preferCentre(graph, width, height, box, options, fixed, prior);
  }
  const clicked = (label: 0 | 1): number[] =>
    points.filter((point) => pointLabel(point) === label).map((point) => regionAt(graph, width, height, point));
  const object = clicked(1);
  const background = clicked(0);
  for (const region of object) fixed[region] = 1;
  for (const region of background) fixed[region] = -1;

  const outer = geodesicDistance(graph, outerSources(graph, fixed, background, box !== undefined));
  if (object.length > 0) {
    const inner = geodesicDistance(
      graph,
      object.map((region) => ({ region, offset: 0 })),
    );
    const weight = box ? BOXED_CLICK_WEIGHT : options.clickWeight;
    for (let r = 0; r < graph.count; r += 1) {
      prior[r]! += (weight * (outer[r]! - inner[r]!)) / (outer[r]! + inner[r]! + 1e-6);
    }
  }
  if (box || object.length === 0) preferDepth(fixed, outer, options, prior);
  if (!box) preferNear(graph, width, height, points, prior);
  return { fixed, prior, boxed: box !== undefined };
}

function inside(fraction: number): boolean {
  return fraction >= 0 && fraction <= 1;
}

function regionAt(graph: RegionGraph, width: number, height: number, point: Point): number {
  const x = Math.min(width - 1, Math.max(0, Math.round(point.x * width - 0.5)));
  const y = Math.min(height - 1, Math.max(0, Math.round(point.y * height - 0.5)));
  return graph.label[y * width + x]!;
}

type Box = NonNullable<Prompt["boundingBox"]>;

/** Regions that lie for the greater part outside the box are background. */
function fixOutside(graph: RegionGraph, width: number, height: number, box: Box, fixed: Int8Array): void {
  const within = new Float64Array(graph.count);
  for (let y = 0, i = 0; y < height; y += 1) {
    const rowInside = y + 0.5 >= box.yMin * height && y + 0.5 <= box.yMax * height;
    for (let x = 0; x < width; x += 1, i += 1) {
      if (rowInside && x + 0.5 >= box.xMin * width && x + 0.5 <= box.xMax * width) within[graph.label[i]!]! += 1;
    }
  }
  for (let r = 0; r < graph.count; r += 1) if (within[r]! < 0.5 * graph.size[r]!) fixed[r] = -1;
}

function preferCentre(
  graph: RegionGraph,
  width: number,
  height: number,
  box: Box,
  { centreShare, centreWeight }: HintOptions,
  fixed: Int8Array,
  prior: Float64Array,
): void {
  const cx = ((box.xMin + box.xMax) / 2) * width;
  const cy = ((box.yMin + box.yMax) / 2) * height;
  const rx = Math.max(1, ((box.xMax - box.xMin) / 2) * width * centreShare);
  const ry = Math.max(1, ((box.yMax - box.yMin) / 2) * height * centreShare);
  for (let r = 0; r < graph.count; r += 1) {
    if (fixed[r]) continue;
    const eccentricity = ((graph.x[r]! - cx) / rx) ** 2 + ((graph.y[r]! - cy) / ry) ** 2;
    prior[r]! += centreWeight * 1.3 * (1 - Math.min(1.6, eccentricity));
  }
}

/** Where the background begins: around the box, else at the frame's border; and at background clicks. */
function outerSources(graph: RegionGraph, fixed: Int8Array, background: number[], boxed: boolean): Source[] {
  const sources: Source[] = background.map((region) => ({ region, offset: 0 }));
  let outside = 0;
  for (const value of fixed) if (value === -1) outside += 1;
  const byBox = boxed && outside >= MIN_OUTSIDE;
  const offset = background.length > 0 ? BORDER_OFFSET_CLICKS : BORDER_OFFSET;
  for (let region = 0; region < graph.count; region += 1) {
    if (byBox) {
      if (fixed[region] === -1 && touchesOpen(graph, fixed, region)) sources.push({ region, offset: 0 });
    } else if (graph.onBorder[region]) {
      sources.push({ region, offset });
    }
  }
  return sources;
}

function touchesOpen(graph: RegionGraph, fixed: Int8Array, region: number): boolean {
  for (let k = graph.firstIncident[region]!; k < graph.firstIncident[region + 1]!; k += 1) {
    if (fixed[otherEnd(graph.edges, graph.incident[k]!, region)] !== -1) return true;
  }
  return false;
}

/** The further from the outside, the more likely object. */
function preferDepth(
  fixed: Int8Array,
  outer: Float64Array,
  { depthWeight, fullDepth }: HintOptions,
  prior: Float64Array,
): void {
  let deepest = 0;
  for (let r = 0; r < outer.length; r += 1) if (fixed[r] !== -1) deepest = Math.max(deepest, outer[r]!);
  if (!(deepest > 0) || deepest === Infinity) return;
  for (let r = 0; r < outer.length; r += 1) {
    if (fixed[r] !== -1) prior[r]! += depthWeight * (2 * Math.min(1, outer[r]! / (fullDepth * deepest)) - 1);
  }
}

function preferNear(graph: RegionGraph, width: number, height: number, points: Point[], prior: Float64Array): void {
  const radius = CLICK_RADIUS * Math.hypot(width, height);
  const clicks = points.filter((point) => pointLabel(point) === 1);
  for (let r = 0; r < graph.count; r += 1) {
    let nearest = Infinity;
    for (const { x, y } of clicks) {
      nearest = Math.min(nearest, Math.hypot(graph.x[r]! - x * width, graph.y[r]! - y * height));
    }
    prior[r]! += NEARNESS_WEIGHT * (1 - Math.min(2, nearest / radius));
  }
}
