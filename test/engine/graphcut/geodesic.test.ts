import assert from "node:assert/strict";
import { geodesicDistance } from "../../../src/engine/graphcut/geodesic";
import { otherEnd, regionGraph } from "../../../src/engine/graphcut/region-graph";
import { superpixels } from "../../../src/engine/graphcut/superpixels";
import { toLab } from "../../../src/engine/pixels/lab";
import { discs } from "./scene";

const lab = toLab(discs(120, 90, [{ x: 60, y: 45, radius: 25 }]));
const graph = regionGraph(lab, superpixels(lab, 200));
const regionAt = (x: number, y: number): number => graph.label[y * 120 + x]!;

describe("geodesicDistance", () => {
  it("is zero at its source and obeys the triangle inequality along every edge, tightly at one neighbour", () => {
    const distance = geodesicDistance(graph, [{ region: 0, offset: 0 }]);
    assert.equal(distance[0], 0);
    for (let region = 1; region < graph.count; region += 1) {
      let reached = Infinity;
      for (let k = graph.firstIncident[region]!; k < graph.firstIncident[region + 1]!; k += 1) {
        const edge = graph.incident[k]!;
        const step = Math.max(0, graph.edges.distance[edge]! - 2.248) + 0.15;
        reached = Math.min(reached, distance[otherEnd(graph.edges, edge, region)]! + step);
      }
      assert.ok(Math.abs(distance[region]! - reached) < 1e-9);
    }
  });

  it("is larger across an edge than along the ground", () => {
    const distance = geodesicDistance(graph, [{ region: regionAt(2, 2), offset: 0 }]);
    assert.ok(distance[regionAt(60, 45)]! > 3 * distance[regionAt(117, 87)]!);
  });

  it("starts from the nearest of several sources, with their offsets", () => {
    const [a, b] = [regionAt(2, 2), regionAt(117, 87)];
    const both = geodesicDistance(graph, [
      { region: a, offset: 1 },
      { region: b, offset: 0 },
    ]);
    const fromA = geodesicDistance(graph, [{ region: a, offset: 1 }]);
    const fromB = geodesicDistance(graph, [{ region: b, offset: 0 }]);
    both.forEach((value, region) => assert.ok(Math.abs(value - Math.min(fromA[region]!, fromB[region]!)) < 1e-9));
  });

  it("says Infinity where there is no source", () => {
    assert.ok(geodesicDistance(graph, []).every((value) => value === Infinity));
  });
});
