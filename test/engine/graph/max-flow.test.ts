import assert from "node:assert/strict";
import fc from "fast-check";
import { FlowGraph } from "../../../src/engine/graph/max-flow";
import { dinicFlow } from "./dinic";

interface Network {
  nodes: number;
  terminals: number[];
  edges: [from: number, to: number, capacity: number, reverse: number][];
}

/** The capacity of the links that a cut goes through. */
function cutCapacity(network: Network, side: Uint8Array): number {
  let capacity = 0;
  network.terminals.forEach((weight, node) => {
    if (weight > 0 && side[node] === 0) capacity += weight;
    if (weight < 0 && side[node] === 1) capacity -= weight;
  });
  for (const [from, to, forward, reverse] of network.edges) {
    if (side[from] === 1 && side[to] === 0) capacity += forward;
    if (side[from] === 0 && side[to] === 1) capacity += reverse;
  }
  return capacity;
}

function cut(network: Network, maxAugmentations?: number): Uint8Array {
  const graph = new FlowGraph(network.nodes, network.edges.length);
  network.terminals.forEach((weight, node) => graph.addTerminal(node, weight));
  for (const edge of network.edges) graph.addEdge(...edge);
  return graph.cut(maxAugmentations);
}

const network: fc.Arbitrary<Network> = fc.integer({ min: 1, max: 30 }).chain((nodes) => {
  const node = fc.integer({ min: 0, max: nodes - 1 });
  const capacity = fc.integer({ min: 0, max: 20 });
  return fc.record({
    nodes: fc.constant(nodes),
    terminals: fc.array(fc.integer({ min: -20, max: 20 }), { minLength: nodes, maxLength: nodes }),
    edges: fc
      .array(fc.tuple(node, node, capacity, capacity), { maxLength: 120 })
      .map((all) => all.filter(([a, b]) => a !== b)),
  });
});

function grid(width: number, height: number, random: () => number): Network {
  const result: Network = { nodes: width * height, terminals: [], edges: [] };
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const node = y * width + x;
      result.terminals.push((random() - 0.5) * 6);
      const weight = random() * 3;
      if (x < width - 1) result.edges.push([node, node + 1, weight, weight]);
      if (y < height - 1) result.edges.push([node, node + width, weight, weight]);
    }
  }
  return result;
}

function lcg(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}

describe("FlowGraph.cut", () => {
  it("cuts 1,000 random graphs as cheaply as Dinic's flow is large", () => {
    fc.assert(
      fc.property(network, (net) => {
        assert.equal(cutCapacity(net, cut(net)), dinicFlow(net));
      }),
      { numRuns: 1000 },
    );
  });

  it("does so on pixel grids with fractional weights", () => {
    for (const [width, height] of [
      [1, 1],
      [1, 40],
      [20, 20],
      [60, 45],
    ] as const) {
      const net = grid(width, height, lcg(width * 1000 + height));
      assert.ok(Math.abs(cutCapacity(net, cut(net)) - dinicFlow(net)) < 1e-6, `${width} x ${height}`);
    }
  });

  it("returns a cut of the graph also when its work is bounded", () => {
    const net = grid(30, 30, lcg(1));
    const side = cut(net, 5);
    assert.equal(side.length, 900);
    assert.ok(cutCapacity(net, side) >= dinicFlow(net) - 1e-6);
  });
});
