import { colourDistance2, type LabImage } from "../pixels/lab";
import type { Superpixels } from "./superpixels";

/** Superpixels with their mean colours and positions, and the edges between neighbours. */
export interface RegionGraph {
  count: number;
  /** Region of each pixel of the frame. */
  label: Int32Array;
  spacing: number;
  /** Pixels of each region. */
  size: Float64Array;
  l: Float64Array;
  a: Float64Array;
  b: Float64Array;
  x: Float64Array;
  y: Float64Array;
  /** Left, top, right and bottom of each region in pixels, right and bottom exclusive: four values a region. */
  bounds: Int32Array;
  /** 1 = touches the frame's border. */
  onBorder: Uint8Array;
  edges: RegionEdges;
  /** The edges of region r are in `incident` from `firstIncident[r]` to before `firstIncident[r + 1]`. */
  firstIncident: Int32Array;
  incident: Int32Array;
}

/** Pairs of neighbouring regions. */
export interface RegionEdges {
  count: number;
  from: Int32Array;
  to: Int32Array;
  /** Length of the common contour in pixels. */
  length: Float64Array;
  /** Root mean square of the colour step over that contour. */
  gradient: Float64Array;
  /** Distance of the mean colours. */
  distance: Float64Array;
}

/** Builds the graph of a picture's superpixels. */
export function regionGraph(image: LabImage, regions: Superpixels): RegionGraph {
  const nodes = measureRegions(image, regions);
  const edges = measureEdges(image, regions, nodes);
  return { ...nodes, ...regions, edges, ...incidence(edges, regions.count) };
}

type Nodes = Pick<RegionGraph, "size" | "l" | "a" | "b" | "x" | "y" | "bounds" | "onBorder">;

function measureRegions(image: LabImage, { label, count }: Superpixels): Nodes {
  const { width, height } = image;
  const [size, l, a, b, x, y] = Array.from({ length: 6 }, () => new Float64Array(count)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const onBorder = new Uint8Array(count);
  const bounds = Int32Array.from({ length: 4 * count }, (_, k) => (k % 4 < 2 ? 0x7fffffff : 0));
  for (let py = 0, i = 0; py < height; py += 1) {
    for (let px = 0; px < width; px += 1, i += 1) {
      const region = label[i]!;
      size[region]! += 1;
      l[region]! += image.l[i]!;
      a[region]! += image.a[i]!;
      b[region]! += image.b[i]!;
      x[region]! += px;
      y[region]! += py;
      bounds[4 * region] = Math.min(bounds[4 * region]!, px);
      bounds[4 * region + 1] = Math.min(bounds[4 * region + 1]!, py);
      bounds[4 * region + 2] = Math.max(bounds[4 * region + 2]!, px + 1);
      bounds[4 * region + 3] = Math.max(bounds[4 * region + 3]!, py + 1);
      if (px === 0 || py === 0 || px === width - 1 || py === height - 1) onBorder[region] = 1;
    }
  }
  for (const sum of [l, a, b, x, y]) {
    for (let region = 0; region < count; region += 1) sum[region]! /= size[region]!;
  }
  return { size, l, a, b, x, y, bounds, onBorder };
}

function measureEdges(image: LabImage, { label, count }: Superpixels, nodes: Nodes): RegionEdges {
  const { width, height } = image;
  const found = new Int32Array(count * count).fill(-1);
  const from: number[] = [];
  const to: number[] = [];
  const length: number[] = [];
  const gradient: number[] = [];
  const step = (i: number, j: number): void => {
    const p = Math.min(label[i]!, label[j]!);
    const q = Math.max(label[i]!, label[j]!);
    if (p === q) return;
    let edge = found[p * count + q]!;
    if (edge < 0) {
      edge = from.push(p) - 1;
      to.push(q);
      length.push(0);
      gradient.push(0);
      found[p * count + q] = edge;
    }
    length[edge]! += 1;
    gradient[edge]! += colourDistance2(image, i, j);
  };
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      if (x < width - 1) step(i, i + 1);
      if (y < height - 1) step(i, i + width);
    }
  }
  const { l, a, b } = nodes;
  return {
    count: from.length,
    from: Int32Array.from(from),
    to: Int32Array.from(to),
    length: Float64Array.from(length),
    gradient: Float64Array.from(gradient, (sum, edge) => Math.sqrt(sum / length[edge]!)),
    distance: Float64Array.from(from, (p, edge) => {
      const q = to[edge]!;
      return Math.hypot(l[p]! - l[q]!, a[p]! - a[q]!, b[p]! - b[q]!);
    }),
  };
}

function incidence(edges: RegionEdges, count: number): Pick<RegionGraph, "firstIncident" | "incident"> {
  const firstIncident = new Int32Array(count + 1);
  for (let edge = 0; edge < edges.count; edge += 1) {
    firstIncident[edges.from[edge]! + 1]! += 1;
    firstIncident[edges.to[edge]! + 1]! += 1;
  }
  for (let region = 0; region < count; region += 1) firstIncident[region + 1]! += firstIncident[region]!;
  const next = firstIncident.slice(0, count);
  const incident = new Int32Array(2 * edges.count);
  for (let edge = 0; edge < edges.count; edge += 1) {
    incident[next[edges.from[edge]!]!++] = edge;
    incident[next[edges.to[edge]!]!++] = edge;
  }
  return { firstIncident, incident };
}

/** The region at the other end of an edge. */
export function otherEnd(edges: RegionEdges, edge: number, region: number): number {
  return edges.from[edge] === region ? edges.to[edge]! : edges.from[edge]!;
}
