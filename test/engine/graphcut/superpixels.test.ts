import assert from "node:assert/strict";
import { regionGraph } from "../../../src/engine/graphcut/region-graph";
import { superpixels } from "../../../src/engine/graphcut/superpixels";
import { toLab } from "../../../src/engine/pixels/lab";
import { discs } from "./scene";

const lab = toLab(discs(120, 90, [{ x: 60, y: 45, radius: 25 }]));
const regions = superpixels(lab, 200);

describe("superpixels", () => {
  it("gives every pixel a region and every region a pixel", () => {
    const seen = new Set(regions.label);
    assert.equal(seen.size, regions.count);
    assert.equal(Math.min(...seen), 0);
    assert.equal(Math.max(...seen), regions.count - 1);
  });

  it("makes about as many as asked for", () => {
    assert.ok(regions.count > 100 && regions.count < 400, `${regions.count}`);
  });

  it("keeps to the object's outline", () => {
    const inside = new Float64Array(regions.count);
    const size = new Float64Array(regions.count);
    regions.label.forEach((region, i) => {
      size[region]! += 1;
      if (Math.hypot((i % 120) + 0.5 - 60, Math.floor(i / 120) + 0.5 - 45) < 25) inside[region]! += 1;
    });
    const mixed = inside.reduce((sum, count, region) => sum + Math.min(count, size[region]! - count), 0);
    assert.ok(mixed / (Math.PI * 25 * 25) < 0.08, `${mixed} pixels lie in the wrong kind of region`);
  });

  it("repeats exactly", () => {
    assert.deepEqual(superpixels(lab, 200), regions);
  });
});

describe("regionGraph", () => {
  const graph = regionGraph(lab, regions);

  it("accounts for every pixel and every border between regions", () => {
    assert.equal(
      graph.size.reduce((sum, size) => sum + size, 0),
      120 * 90,
    );
    let steps = 0;
    for (let i = 0; i < 120 * 90; i += 1) {
      if (i % 120 < 119 && regions.label[i] !== regions.label[i + 1]) steps += 1;
      if (i < 120 * 89 && regions.label[i] !== regions.label[i + 120]) steps += 1;
    }
    assert.equal(
      graph.edges.length.reduce((sum, length) => sum + length, 0),
      steps,
    );
  });

  it("lists each edge at both of its ends", () => {
    const times = new Int32Array(graph.edges.count);
    for (let region = 0; region < graph.count; region += 1) {
      for (let k = graph.firstIncident[region]!; k < graph.firstIncident[region + 1]!; k += 1) {
        const edge = graph.incident[k]!;
        assert.ok(graph.edges.from[edge] === region || graph.edges.to[edge] === region);
        times[edge]! += 1;
      }
    }
    assert.ok(times.every((count) => count === 2));
  });

  it("marks the regions on the border and bounds each region", () => {
    assert.equal(graph.onBorder[regions.label[0]!], 1);
    assert.equal(graph.onBorder[regions.label[45 * 120 + 60]!], 0);
    regions.label.forEach((region, i) => {
      assert.ok(i % 120 >= graph.bounds[4 * region]! && i % 120 < graph.bounds[4 * region + 2]!);
    });
  });
});
