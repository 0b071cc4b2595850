import { otherEnd, type RegionGraph } from "./region-graph";

/** Colour steps up to this are noise and cost nothing. */
const FREE_STEP = 2.248;
/** Cost of a step where the colour does not change. */
const STEP = 0.15;

/** A region from which distances are counted, and its own distance. */
export interface Source {
  region: number;
  offset: number;
}

/**
 * Distance of each region to the nearest source along the path with the least change of colour (geodesic distance;
 * X. Bai, G. Sapiro, "Geodesic Matting", IJCV 82(2), 2009), by Dijkstra's algorithm.
 * @returns Infinity for regions that no source reaches
 */
export function geodesicDistance(graph: RegionGraph, sources: Source[]): Float64Array {
  const distance = new Float64Array(graph.count).fill(Infinity);
  const heap = new Heap();
  for (const { region, offset } of sources) {
    if (offset >= distance[region]!) continue;
    distance[region] = offset;
    heap.push(offset, region);
  }
  for (let region = heap.pop(distance); region >= 0; region = heap.pop(distance)) {
    for (let k = graph.firstIncident[region]!; k < graph.firstIncident[region + 1]!; k += 1) {
      const edge = graph.incident[k]!;
      const other = otherEnd(graph.edges, edge, region);
      const reached = distance[region]! + Math.max(0, graph.edges.distance[edge]! - FREE_STEP) + STEP;
      if (reached >= distance[other]!) continue;
      distance[other] = reached;
      heap.push(reached, other);
    }
  }
  return distance;
}

/** A binary heap of regions by distance; outdated entries are skipped when they come up. */
class Heap {
  private readonly keys: number[] = [];
  private readonly regions: number[] = [];

  push(key: number, region: number): void {
    let at = this.keys.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.keys[parent]! <= key) break;
      this.keys[at] = this.keys[parent]!;
      this.regions[at] = this.regions[parent]!;
      at = parent;
    }
    this.keys[at] = key;
    this.regions[at] = region;
  }

  /** The next region whose entry is not outdated, −1 when none is left. */
  pop(distance: Float64Array): number {
    while (this.keys.length > 0) {
      const key = this.keys[0]!;
      const region = this.regions[0]!;
      this.removeFirst();
      if (key <= distance[region]!) return region;
    }
    return -1;
  }

  private removeFirst(): void {
    const key = this.keys.pop()!;
    const region = this.regions.pop()!;
    const size = this.keys.length;
    if (size === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.keys[child + 1]! < this.keys[child]!) child += 1;
      if (key <= this.keys[child]!) break;
      this.keys[at] = this.keys[child]!;
      this.regions[at] = this.regions[child]!;
      at = child;
    }
    this.keys[at] = key;
    this.regions[at] = region;
  }
}
