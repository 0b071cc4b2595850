/**
 * Minimum cut of a graph whose nodes are each linked to a source and a sink, by the augmenting-path method of
 * Y. Boykov and V. Kolmogorov, "An Experimental Comparison of Min-Cut/Max-Flow Algorithms for Energy Minimization
 * in Vision", IEEE TPAMI 26(9), 2004: two search trees grow from the terminals, are augmented where they meet and
 * repaired where a link was used up, so that the trees are kept from one augmentation to the next.
 */

const EPSILON = 1e-9;

// Values of `parent` other than the index of the arc that leads to the parent.
const FREE = -1;
const TERMINAL = -2;
const ORPHAN = -3;

const UNREACHABLE = 0x7fffffff;

/** A flow network over `nodeCount` nodes beside the two terminals, with room for `edgeCount` edges. */
export class FlowGraph {
  /** Remaining capacity between a node and the terminals: > 0 from the source, < 0 to the sink. */
  private readonly terminal: Float64Array;
  /** Arcs come in pairs: arc `a` and its reverse `a ^ 1`. */
  private readonly head: Int32Array;
  private readonly nextArc: Int32Array;
  private readonly residual: Float64Array;
  private readonly firstArc: Int32Array;
  private arcCount = 0;

  private readonly parent: Int32Array;
  private readonly inSinkTree: Uint8Array;
  /** When a node's distance to its terminal was last certain, and that distance. */
  private readonly stamp: Int32Array;
  private readonly distance: Int32Array;
  private time = 0;

  private readonly queue: Int32Array;
  private readonly queued: Uint8Array;
  private queueStart = 0;
  private queueEnd = 0;
  private readonly orphans: number[] = [];

  constructor(
    readonly nodeCount: number,
    edgeCount: number,
  ) {
    this.terminal = new Float64Array(nodeCount);
    this.head = new Int32Array(2 * edgeCount);
    this.nextArc = new Int32Array(2 * edgeCount);
    this.residual = new Float64Array(2 * edgeCount);
    this.firstArc = new Int32Array(nodeCount).fill(-1);
    this.parent = new Int32Array(nodeCount).fill(FREE);
    this.inSinkTree = new Uint8Array(nodeCount);
    this.stamp = new Int32Array(nodeCount);
    this.distance = new Int32Array(nodeCount);
    this.queue = new Int32Array(nodeCount + 1);
    this.queued = new Uint8Array(nodeCount);
  }

  /** Adds to a node's terminal link: `weight` > 0 pulls it to the source's side, < 0 to the sink's. */
  addTerminal(node: number, weight: number): void {
    this.terminal[node]! += weight;
  }

  /** Adds an edge with a capacity in each direction. */
  addEdge(from: number, to: number, capacity: number, reverseCapacity: number): void {
    const arc = this.arcCount;
    this.arcCount += 2;
    this.head[arc] = to;
    this.head[arc + 1] = from;
    this.nextArc[arc] = this.firstArc[from]!;
    this.firstArc[from] = arc;
    this.nextArc[arc + 1] = this.firstArc[to]!;
    this.firstArc[to] = arc + 1;
    this.residual[arc] = capacity;
    this.residual[arc + 1] = reverseCapacity;
  }

  /**
   * Cuts the graph. Works on the graph itself: call it once.
   * @param maxAugmentations a bound on the work; when it is reached, the present trees are returned as a
   *   cut, though perhaps not the smallest one
   * @returns for each node 1 = source's side, 0 = sink's side
   */
  cut(maxAugmentations = Infinity): Uint8Array {
    this.pushBetweenNeighbours();
    this.plantTrees();
    let current = -1;
    for (let augmentations = 0; augmentations < maxAugmentations;) {
      if (current < 0 || this.parent[current] === FREE) current = this.nextActive();
      if (current < 0) break;
      const bridge = this.grow(current);
      this.time += 1;
      if (bridge < 0) {
        current = -1;
        continue;
      }
      this.augment(bridge);
      augmentations += 1;
      for (let next = 0; next < this.orphans.length; next += 1) this.adopt(this.orphans[next]!);
      this.orphans.length = 0;
    }
    const side = new Uint8Array(this.nodeCount);
    for (let node = 0; node < this.nodeCount; node += 1) {
      side[node] = this.parent[node] !== FREE && this.inSinkTree[node] === 0 ? 1 : 0;
    }
    return side;
  }

  /** Pushes flow through each single arc from a node with supply to a node with demand: that needs no trees. */
  private pushBetweenNeighbours(): void {
    const { head, residual, terminal } = this;
    for (let arc = 0; arc < this.arcCount; arc += 1) {
      const from = head[arc ^ 1]!;
      const to = head[arc]!;
      if (terminal[from]! <= 0 || terminal[to]! >= 0) continue;
      const amount = Math.min(terminal[from]!, residual[arc]!, -terminal[to]!);
      residual[arc]! -= amount;
      residual[arc ^ 1]! += amount;
      terminal[from]! -= amount;
      terminal[to]! += amount;
    }
  }

  private plantTrees(): void {
    for (let node = 0; node < this.nodeCount; node += 1) {
      const weight = this.terminal[node]!;
      if (Math.abs(weight) <= EPSILON) continue;
      this.parent[node] = TERMINAL;
      this.inSinkTree[node] = weight < 0 ? 1 : 0;
      this.distance[node] = 1;
      this.activate(node);
    }
  }

  private activate(node: number): void {
    if (this.queued[node]) return;
    this.queued[node] = 1;
    this.queue[this.queueEnd] = node;
    this.queueEnd = this.queueEnd === this.nodeCount ? 0 : this.queueEnd + 1;
  }

  private nextActive(): number {
    while (this.queueStart !== this.queueEnd) {
      const node = this.queue[this.queueStart]!;
      this.queueStart = this.queueStart === this.nodeCount ? 0 : this.queueStart + 1;
      this.queued[node] = 0;
      if (this.parent[node] !== FREE) return node;
    }
    return -1;
  }

  /** Grows the tree of an active node; returns the arc from the source's to the sink's tree where they meet, else -1. */
  private grow(node: number): number {
    const { head, nextArc, residual, parent, inSinkTree, stamp, distance } = this;
    const tree = inSinkTree[node]!;
    for (let arc = this.firstArc[node]!; arc >= 0; arc = nextArc[arc]!) {
      // The source's tree grows along arcs with capacity left, the sink's tree against them.
      if (residual[arc ^ tree]! <= EPSILON) continue;
      const other = head[arc]!;
      const free = parent[other] === FREE;
      if (!free && inSinkTree[other] !== tree) return arc ^ tree;
      // A node of the same tree changes its parent when that brings it nearer to the terminal.
      if (!free && (stamp[other]! > stamp[node]! || distance[other]! <= distance[node]!)) continue;
      parent[other] = arc ^ 1;
      stamp[other] = stamp[node]!;
      distance[other] = distance[node]! + 1;
      if (free) {
        inSinkTree[other] = tree;
        this.activate(other);
      }
    }
    return -1;
  }

  /** Pushes as much flow as fits through the path over `bridge`; nodes cut off from their terminal become orphans. */
  private augment(bridge: number): void {
    const { head, parent, residual, terminal } = this;
    const sourceEnd = head[bridge ^ 1]!;
    const sinkEnd = head[bridge]!;
    let amount = residual[bridge]!;
    let node = sourceEnd;
    for (; parent[node] !== TERMINAL; node = head[parent[node]!]!)
      amount = Math.min(amount, residual[parent[node]! ^ 1]!);
    amount = Math.min(amount, terminal[node]!);
    node = sinkEnd;
    for (; parent[node] !== TERMINAL; node = head[parent[node]!]!) amount = Math.min(amount, residual[parent[node]!]!);
    amount = Math.min(amount, -terminal[node]!);

    residual[bridge]! -= amount;
    residual[bridge ^ 1]! += amount;
    this.drain(sourceEnd, amount, 1);
    this.drain(sinkEnd, amount, 0);
  }

  /** Takes `amount` from each link between `node` and its terminal; `flip` 1 in the source's tree (links lead to the node). */
  private drain(start: number, amount: number, flip: 0 | 1): void {
    const { head, parent, residual, terminal } = this;
    let node = start;
    while (parent[node] !== TERMINAL) {
      const arc = parent[node]! ^ flip;
      const next = head[parent[node]!]!;
      residual[arc]! -= amount;
      residual[arc ^ 1]! += amount;
      if (residual[arc]! <= EPSILON) {
        residual[arc] = 0;
        this.makeOrphan(node);
      }
      node = next;
    }
    terminal[node]! += flip ? -amount : amount;
    if (Math.abs(terminal[node]!) <= EPSILON) {
      terminal[node] = 0;
      this.makeOrphan(node);
    }
  }

  private makeOrphan(node: number): void {
    this.parent[node] = ORPHAN;
    this.orphans.push(node);
  }

  /** Gives an orphan a new parent in its own tree, the nearest to the terminal; else sets it free. */
  private adopt(orphan: number): void {
    const { head, nextArc, residual, parent, inSinkTree } = this;
    const tree = inSinkTree[orphan]!;
    let bestArc = -1;
    let bestDistance = UNREACHABLE;
    for (let arc = this.firstArc[orphan]!; arc >= 0; arc = nextArc[arc]!) {
      const other = head[arc]!;
      // Capacity must be left from the candidate to the orphan (source's tree) or from the orphan to it (sink's tree).
      if (inSinkTree[other] !== tree || parent[other] === FREE || residual[arc ^ tree ^ 1]! <= EPSILON) continue;
      const distance = this.distanceToTerminal(other);
      if (distance < bestDistance) {
        bestArc = arc;
        bestDistance = distance;
      }
    }
    if (bestArc >= 0) {
      parent[orphan] = bestArc;
      this.stamp[orphan] = this.time;
      this.distance[orphan] = bestDistance + 1;
      return;
    }
    parent[orphan] = FREE;
    for (let arc = this.firstArc[orphan]!; arc >= 0; arc = nextArc[arc]!) {
      const other = head[arc]!;
      if (parent[other] === FREE || inSinkTree[other] !== tree) continue;
      if (residual[arc ^ tree ^ 1]! > EPSILON) this.activate(other);
      const parentArc = parent[other]!;
      if (parentArc >= 0 && head[parentArc] === orphan) this.makeOrphan(other);
    }
  }

  /** Steps from a node to its terminal, `UNREACHABLE` when the path ends at an orphan; marks the path as certain. */
  private distanceToTerminal(start: number): number {
    const { head, parent, stamp, distance, time } = this;
    let steps = 0;
    let node = start;
    while (stamp[node] !== time) {
      const arc = parent[node]!;
      if (arc === TERMINAL) {
        stamp[node] = time;
        distance[node] = 1;
      } else if (arc < 0) {
        return UNREACHABLE;
      } else {
        steps += 1;
        node = head[arc]!;
      }
    }
    const total = steps + distance[node]!;
    let left = total;
    for (node = start; stamp[node] !== time; node = head[parent[node]!]!) {
      stamp[node] = time;
      distance[node] = left;
      left -= 1;
    }
    return total;
  }
}
