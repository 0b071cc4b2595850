import { FlowGraph } from "../graph/max-flow";
import { distanceToContour } from "./band";
import { colourDistance2, type LabImage } from "./lab";
import { learnColours } from "./mixture";

/** How the contour of an engine's soft field is moved onto the picture's edges. */
export interface EdgeBandOptions {
  /** Pixels to each side of the contour that may change sides. */
  radius: number;
  /** Weight of the soft field against colours and edges. */
  fieldWeight: number;
}

const FIELD_CLIP = 4;
const COLOUR_WEIGHT = 0.3;
const COLOUR_CLIP = 4;
const COMPONENTS = 3;
const EDGE_WEIGHT = 3;
const MIN_EDGE = 0.05;
/** A weight that no cut can pay: the outermost pixels of the band keep their side. */
const FIXED = 1e6;
/** Bound on the work of one cut. Ordinary bands need a fraction of it. */
const MAX_AUGMENTATIONS = 400_000;

/**
 * Moves the contour of a soft field onto the picture's edges: a minimum cut over the pixels near the contour, between
 * the field, the colours of both sides (mixtures of Gaussians) and the contrast between neighbours, as in Y. Boykov,
 * M.-P. Jolly, "Interactive Graph Cuts for Optimal Boundary & Region Segmentation", ICCV 2001.
 * @param field logits (> 0 = object), one a pixel of `image`
 * @returns a mask of `image`'s size, 1 = object
 */
export function snapToEdges(field: Float32Array, image: LabImage, options: EdgeBandOptions): Uint8Array {
  const { width, height } = image;
  const mask = new Uint8Array(field.length);
  for (let i = 0; i < field.length; i += 1) mask[i] = field[i]! > 0 ? 1 : 0;
  const distance = distanceToContour(mask, width, height, options.radius);
  const band = pixelsWithin(distance, options.radius);
  const difference = meanDifference(image, band);
  if (difference === 0) return mask; // no contour, or nothing to see at it

  const contrast = 1 / (2 * difference);
  const colours = learnColours(image, mask, COMPONENTS);
  const node = new Int32Array(mask.length).fill(-1);
  for (let n = 0; n < band.length; n += 1) node[band[n]!] = n;
  const graph = new FlowGraph(band.length, 2 * band.length);
  const link = (i: number, j: number): void => {
    if (node[j]! < 0) return;
    const weight = EDGE_WEIGHT * Math.exp(-contrast * colourDistance2(image, i, j)) + MIN_EDGE;
    graph.addEdge(node[i]!, node[j]!, weight, weight);
  };
  for (let n = 0; n < band.length; n += 1) {
    const i = band[n]!;
    if (distance[i] === options.radius) {
      graph.addTerminal(n, mask[i] ? FIXED : -FIXED);
    } else {
      const colour = colours ? COLOUR_WEIGHT * clip(colours(i), COLOUR_CLIP) : 0;
      graph.addTerminal(n, options.fieldWeight * clip(field[i]!, FIELD_CLIP) + colour);
    }
    if (i % width < width - 1) link(i, i + 1);
    if (i + width < mask.length) link(i, i + width);
  }
  const side = graph.cut(MAX_AUGMENTATIONS);
  for (let n = 0; n < band.length; n += 1) mask[band[n]!] = side[n]!;
  return mask;
}

/** The pixels of a distance map that are at most `radius` away, row by row. */
function pixelsWithin(distance: Uint8Array, radius: number): Int32Array {
  let count = 0;
  for (let i = 0; i < distance.length; i += 1) if (distance[i]! <= radius) count += 1;
  const pixels = new Int32Array(count);
  for (let i = 0, n = 0; n < count; i += 1) if (distance[i]! <= radius) pixels[n++] = i;
  return pixels;
}

function clip(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}

/** Mean squared colour difference of neighbours in the band: a usual difference in this picture, not an edge. */
function meanDifference(image: LabImage, band: Int32Array): number {
  const last = image.l.length - 1;
  let sum = 0;
  let count = 0;
  for (let n = 0; n < band.length && band[n]! < last; n += 1, count += 1) {
    sum += colourDistance2(image, band[n]!, band[n]! + 1);
  }
  return count === 0 ? 0 : sum / count;
}
