import { pointLabel, type BoundingBox, type Point, type Prompt } from "../../api";
import { pixelAt } from "./grid";
import { geodesicDistance, type Source } from "./geodesic";
import { otherEnd, type RegionGraph } from "./region-graph";

/** The information of a prompt about each region, before any colours are compared. */
export interface Hints {
  /** 1 = object, −1 = background for certain, 0 = open. */
  fixed: Int8Array;
  /** Preference for the object (> 0) or the background (< 0). */
  prior: Float64Array;
  /** Whether the prompt has a box. */
  boxed: boolean;
}

/** How much the parts of a prompt are trusted. */
export interface HintOptions {
  /** Weight of the geodesic distance to clicks where there is no box. */
  clickWeight: number;
  /** The object's share of the box's width and height, for the prior that puts it at the box's centre. */
  centreShare: number;
  /** Weight of that prior. */
  centreWeight: number;
  /** Weight of the geodesic distance from the box's border. */
  depthWeight: number;
  /** The distance, as a share of the greatest, at which a region is certainly deep: half of it counts as neutral. */
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
/** Distance at the frame's border, without and with background clicks. */
const BORDER_OFFSET = 4.349;
const BORDER_OFFSET_CLICKS = 3.854;
/** Objects are within this share of the diagonal around a click; and the weight of that. */
const CLICK_RADIUS = 0.272;
const NEARNESS_WEIGHT = 0.239;
/** Fewer certain regions than this around a box are ignored. */
const MIN_OUTSIDE = 3;

/** The regions of a frame, and the frame's size in pixels. */
export interface RegionGrid {
  graph: RegionGraph;
  width: number;
  height: number;
}

/** A prompt that is being turned into hints. */
interface Reading extends RegionGrid, Pick<Hints, "fixed" | "prior"> {
  /** The points inside the frame. */
  points: Point[];
  box: BoundingBox | undefined;
  options: HintOptions;
}

/**
 * Turns a prompt into hints on a frame's regions.
 * @param prompt in fractions of the frame
 */
export function readPrompt(grid: RegionGrid, prompt: Prompt, options: HintOptions): Hints {
  const { count } = grid.graph;
  const reading: Reading = {
    ...grid,
    options,
    points: (prompt.points ?? []).filter(({ x, y }) => isFraction(x) && isFraction(y)),
    box: prompt.boundingBox,
    fixed: new Int8Array(count),
    prior: new Float64Array(count),
  };
  const { box, fixed, prior } = reading;
  if (box) {
    fixOutside(reading, box);
    preferCentre(reading, box);
  }
  const object = clickedRegions(reading, 1);
  const background = clickedRegions(reading, 0);
  for (const region of object) fixed[region] = 1;
  for (const region of background) fixed[region] = -1;

  const outer = geodesicDistance(grid.graph, outerSources(reading, background));
  if (object.length > 0) preferClicked(reading, object, outer);
  if (box || object.length === 0) preferDepth(reading, outer);
  if (!box) preferNear(reading);
  return { fixed, prior, boxed: box !== undefined };
}

function isFraction(value: number): boolean {
  return value >= 0 && value <= 1;
}

/** The regions under the points with a label. */
function clickedRegions({ graph, width, height, points }: Reading, label: 0 | 1): number[] {
  return points
    .filter((point) => pointLabel(point) === label)
    .map((point) => graph.label[pixelAt(point, width, height)]!);
}

/** Regions with the greater part of their pixels outside the box are background. */
function fixOutside({ graph, width, height, fixed }: Reading, box: BoundingBox): void {
  const within = new Float64Array(graph.count);
  for (let y = 0, i = 0; y < height; y += 1) {
    const rowInside = y + 0.5 >= box.yMin * height && y + 0.5 <= box.yMax * height;
    for (let x = 0; x < width; x += 1, i += 1) {
      if (rowInside && x + 0.5 >= box.xMin * width && x + 0.5 <= box.xMax * width) within[graph.label[i]!]! += 1;
    }
  }
  for (let r = 0; r < graph.count; r += 1) if (within[r]! < 0.5 * graph.size[r]!) fixed[r] = -1;
}

/** The closer to the box's centre, the more likely object. */
function preferCentre({ graph, width, height, options, fixed, prior }: Reading, box: BoundingBox): void {
  const { centreShare, centreWeight } = options;
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
function outerSources({ graph, fixed, box }: Reading, background: number[]): Source[] {
  const sources: Source[] = background.map((region) => ({ region, offset: 0 }));
  let outside = 0;
  for (const value of fixed) if (value === -1) outside += 1;
  const isByBox = box !== undefined && outside >= MIN_OUTSIDE;
  const offset = background.length > 0 ? BORDER_OFFSET_CLICKS : BORDER_OFFSET;
  for (let region = 0; region < graph.count; region += 1) {
    if (isByBox) {
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

/** The closer to the clicked regions than to the background, along paths of little change of colour, the more likely object. */
function preferClicked({ graph, box, options, prior }: Reading, object: number[], outer: Float64Array): void {
  const inner = geodesicDistance(
    graph,
    object.map((region) => ({ region, offset: 0 })),
  );
  const weight = box ? BOXED_CLICK_WEIGHT : options.clickWeight;
  for (let r = 0; r < graph.count; r += 1) {
    prior[r]! += (weight * (outer[r]! - inner[r]!)) / (outer[r]! + inner[r]! + 1e-6);
  }
}

/** The farther from the background, the more likely object. */
function preferDepth({ fixed, options, prior }: Reading, outer: Float64Array): void {
  const { depthWeight, fullDepth } = options;
  let deepest = 0;
  for (let r = 0; r < outer.length; r += 1) if (fixed[r] !== -1) deepest = Math.max(deepest, outer[r]!);
  if (!(deepest > 0) || deepest === Infinity) return;
  for (let r = 0; r < outer.length; r += 1) {
    if (fixed[r] !== -1) prior[r]! += depthWeight * (2 * Math.min(1, outer[r]! / (fullDepth * deepest)) - 1);
  }
}

/** The closer to a click in the picture, the more likely object. */
function preferNear({ graph, width, height, points, prior }: Reading): void {
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
