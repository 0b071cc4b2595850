import { FlowGraph } from "../graph/max-flow";
import { colourRatios, type ColourKernel } from "./colour-model";
import { floats } from "./arrays";
import type { PixelBox } from "./grid";
import type { Hints } from "./hints";
import type { RegionGraph } from "./region-graph";

export interface CutOptions {
  /** Added to every region's preference for the object. */
  bias: number;
  /** Weight of the colours of both sides, against prior and contour. */
  colourWeight: number;
  /** Weight of the contour's length against the regions' preferences. */
  smoothness: number;
  /**
   * The box counts as tight: while the object spans less than `span` of its width or height, or fills less than
   * `area` of it, the bias is raised (V. Lempitsky et al., "Image Segmentation with a Bounding Box Prior", ICCV 2009,
   * in a simple form).
   */
  tight?: { span: number; area: number };
}

export const CUT: CutOptions = { bias: 0, colourWeight: 1, smoothness: 1.186 };

const ROUNDS = 5;
const TIGHT_ROUNDS = 2;
const TIGHT_BIAS = [0.3, 0.6, 1, 1.5, 2.2];
/** How fast the price of a contour falls with the contrast along it. */
const CONTRAST = 1.302;
const MIN_PRICE = 0.02;
/** Samples that are certain weigh more in the colour models. */
const CLICK_SAMPLES = 1.976;
const OUTSIDE_SAMPLES = 3;
const FIXED = 1e6;

/**
 * Cuts regions into object and background: minimum cuts between the prior, the colours of both sides and the contrast
 * on their contour, with the colours learnt again from each cut (Y. Boykov, M.-P. Jolly, ICCV 2001; C. Rother et al.,
 * "GrabCut", 2004).
 * @param box where the object may be, for the test of tightness
 * @returns 1 = object for each region
 */
export function cutRegions(
  graph: RegionGraph,
  kernel: ColourKernel,
  hints: Hints,
  options: CutOptions,
  box?: PixelBox,
): Uint8Array {
  const { fixed, prior } = hints;
  const soft = floats(prior.length, (r) => certain(fixed[r]!) ?? 1 / (1 + Math.exp(-2.5 * prior[r]!)));
  const prices = contourPrices(graph, options.smoothness);
  let side: Uint8Array = new Uint8Array(graph.count);
  const settle = (bias: number, rounds: number): void => {
    for (let round = 0; round < rounds; round += 1) {
      const ratios = colourRatios(kernel, objectSamples(graph, hints, soft), backgroundSamples(graph, hints, soft));
      const preference = floats(graph.count, (r) => options.colourWeight * ratios[r]! + prior[r]! + bias);
      const next = cutOnce(graph, fixed, preference, prices);
      const changed = next.some((value, r) => value !== side[r]);
      side = next;
      for (let r = 0; r < soft.length; r += 1) soft[r] = certain(fixed[r]!) ?? 0.9 * next[r]! + 0.05;
      if (!changed && round > 0) break;
    }
  };
  settle(options.bias, ROUNDS);
  if (!options.tight || !box) return side;
  for (const extra of TIGHT_BIAS) {
    if (fillsBox(graph, side, box, options.tight)) break;
    for (let r = 0; r < soft.length; r += 1) soft[r] = certain(fixed[r]!) ?? Math.max(soft[r]!, 0.5);
    settle(options.bias + extra, TIGHT_ROUNDS);
  }
  return side;
}

function certain(fixed: number): number | undefined {
  return fixed === 0 ? undefined : fixed > 0 ? 1 : 0;
}

function objectSamples(graph: RegionGraph, { fixed }: Hints, soft: Float64Array): Float64Array {
  return floats(soft.length, (r) => soft[r]! * graph.size[r]! * (fixed[r] === 1 ? CLICK_SAMPLES : 1));
}

function backgroundSamples(graph: RegionGraph, { fixed, boxed }: Hints, soft: Float64Array): Float64Array {
  return floats(
    soft.length,
    (r) => (1 - soft[r]!) * graph.size[r]! * (fixed[r] === -1 && !boxed ? OUTSIDE_SAMPLES : 1),
  );
}

function contourPrices({ edges, spacing }: RegionGraph, smoothness: number): Float64Array {
  let squares = 0;
  for (const gradient of edges.gradient) squares += gradient * gradient;
  const falloff = CONTRAST / ((2 * squares) / Math.max(1, edges.count) + 1e-6);
  return floats(
    edges.count,
    (edge) =>
      smoothness * (edges.length[edge]! / spacing) * (Math.exp(-falloff * edges.gradient[edge]! ** 2) + MIN_PRICE),
  );
}

function cutOnce(graph: RegionGraph, fixed: Int8Array, preference: Float64Array, prices: Float64Array): Uint8Array {
  const flow = new FlowGraph(graph.count, graph.edges.count);
  const unit = graph.spacing * graph.spacing;
  for (let r = 0; r < graph.count; r += 1) {
    flow.addTerminal(r, fixed[r] ? fixed[r]! * FIXED : preference[r]! * (graph.size[r]! / unit));
  }
  for (let edge = 0; edge < graph.edges.count; edge += 1) {
    flow.addEdge(graph.edges.from[edge]!, graph.edges.to[edge]!, prices[edge]!, prices[edge]!);
  }
  return flow.cut();
}

function fillsBox(
  graph: RegionGraph,
  side: Uint8Array,
  box: PixelBox,
  required: { span: number; area: number },
): boolean {
  const span = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  let area = 0;
  for (let r = 0; r < graph.count; r += 1) {
    if (!side[r]) continue;
    area += graph.size[r]!;
    span.left = Math.min(span.left, graph.bounds[4 * r]!);
    span.top = Math.min(span.top, graph.bounds[4 * r + 1]!);
    span.right = Math.max(span.right, graph.bounds[4 * r + 2]!);
    span.bottom = Math.max(span.bottom, graph.bounds[4 * r + 3]!);
  }
  const width = box.right - box.left;
  const height = box.bottom - box.top;
  return (
    span.right - span.left >= required.span * width &&
    span.bottom - span.top >= required.span * height &&
    area >= required.area * width * height
  );
}
