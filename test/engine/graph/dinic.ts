/**
 * The maximum flow of a network by E. A. Dinic's method, 1970, written as plainly as can be: the oracle for FlowGraph.
 * @param network terminal weights (> 0 from the source, < 0 to the sink) and edges with a capacity each way
 */
export function dinicFlow(network: {
  nodes: number;
  terminals: number[];
  edges: [from: number, to: number, capacity: number, reverse: number][];
}): number {
  const source = network.nodes;
  const sink = network.nodes + 1;
  const arcs: { to: number; left: number }[] = [];
  const out: number[][] = Array.from({ length: network.nodes + 2 }, () => []);
  const add = (from: number, to: number, capacity: number, reverse: number): void => {
    out[from]!.push(arcs.length);
    arcs.push({ to, left: capacity });
    out[to]!.push(arcs.length);
    arcs.push({ to: from, left: reverse });
  };
  network.terminals.forEach((weight, node) =>
    weight > 0 ? add(source, node, weight, 0) : add(node, sink, -weight, 0),
  );
  for (const [from, to, capacity, reverse] of network.edges) add(from, to, capacity, reverse);

  let flow = 0;
  for (;;) {
    const level = levels(out, arcs, source);
    if (level[sink] === -1) return flow;
    const next = out.map(() => 0);
    const push = (node: number, amount: number): number => {
      if (node === sink) return amount;
      for (; next[node]! < out[node]!.length; next[node]! += 1) {
        const index = out[node]![next[node]!]!;
        const arc = arcs[index]!;
        if (arc.left <= 1e-9 || level[arc.to] !== level[node]! + 1) continue;
        const pushed = push(arc.to, Math.min(amount, arc.left));
        if (pushed <= 0) continue;
        arc.left -= pushed;
        arcs[index ^ 1]!.left += pushed;
        return pushed;
      }
      return 0;
    };
    for (let pushed = push(source, Infinity); pushed > 0; pushed = push(source, Infinity)) flow += pushed;
  }
}

function levels(out: number[][], arcs: { to: number; left: number }[], source: number): number[] {
  const level = out.map(() => -1);
  level[source] = 0;
  const queue = [source];
  for (const node of queue) {
    for (const index of out[node]!) {
      const { to, left } = arcs[index]!;
      if (left > 1e-9 && level[to] === -1) {
        level[to] = level[node]! + 1;
        queue.push(to);
      }
    }
  }
  return level;
}
