import assert from "node:assert/strict";
import fc from "fast-check";
import { measure, toGeoJson, toSvg } from "../../src/result";
import { rectangle, segment, star } from "./shapes";
import { segmentColour } from "../../src/drawing/palette";

const SIZE = { width: 200, height: 100 };
const FRAME = [rectangle(0.1, 0.2, 0.5, 0.8), rectangle(0.2, 0.3, 0.4, 0.5)];

/** Area of a closed ring of positions: positive when it is counter-clockwise with y up. */
function shoelace(ring: readonly (readonly number[])[]): number {
  return ring.reduce((sum, [x = 0, y = 0], index) => {
    const [nextX = x, nextY = y] = ring[index + 1] ?? [];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);
}

describe("toGeoJson", () => {
  it("makes a polygon with a hole, in pixels, closed, with score and label", () => {
    assert.deepEqual(toGeoJson([segment(FRAME, 0.8, "frame")], SIZE), {
      type: "FeatureCollection",
      features: [
        {
          type: "Feature",
          properties: { score: 0.8, label: "frame" },
          geometry: {
            type: "Polygon",
            coordinates: [
              [[20, 20], [100, 20], [100, 80], [20, 80], [20, 20]], // prettier-ignore
              [[40, 50], [80, 50], [80, 30], [40, 30], [40, 50]], // prettier-ignore
            ],
          },
        },
      ],
    });
  });

  it("makes a MultiPolygon of several pieces, each with its own holes", () => {
    const piece = rectangle(0.6, 0.2, 0.9, 0.8);
    const island = rectangle(0.25, 0.35, 0.35, 0.45);
    const [feature] = toGeoJson([segment([island, ...FRAME, piece])], SIZE).features;
    assert.equal(feature!.geometry.type, "MultiPolygon");
    assert.equal(feature!.properties.label, null);
    const rings = (feature!.geometry.coordinates as number[][][][]).map((polygon) => polygon.length);
    assert.deepEqual(rings.toSorted(), [1, 1, 2]);
  });

  it("is empty without segments, and keeps a segment without rings as an empty shape", () => {
    assert.deepEqual(toGeoJson([], SIZE).features, []);
    assert.deepEqual(toGeoJson([segment([])], SIZE).features[0]!.geometry, { type: "MultiPolygon", coordinates: [] });
  });

  it("encloses the measured area, outlines with positive and holes with negative direction", () => {
    const radii = fc.array(fc.double({ min: 0.1, max: 0.4, noNaN: true }), { minLength: 3, maxLength: 30 });
    fc.assert(
      fc.property(radii, fc.boolean(), fc.boolean(), (outline, turnRing, turnHole) => {
        const ring = star({ x: 0.5, y: 0.5 }, outline);
        // Of three corners at least 0.1 from the middle, the edges pass it at 0.05 or more, if it lies inside at all.
        const hole = star({ x: 0.5, y: 0.5 }, outline.map((radius) => radius / 4)); // prettier-ignore
        const rings = [turnRing ? ring.toReversed() : ring, turnHole ? hole.toReversed() : hole];
        const { geometry } = toGeoJson([segment(rings)], SIZE).features[0]!;
        assert.equal(geometry.type, "Polygon");
        const areas = (geometry.coordinates as number[][][]).map(shoelace);
        assert.ok(areas.length === 2 && areas[0]! > 0 && areas[1]! < 0);
        const measured = measure([segment(rings)], SIZE).total.areaPixels;
        assert.ok(Math.abs(areas[0]! + areas[1]! - measured) < 1e-6);
      }),
    );
  });
});

describe("toSvg", () => {
  const prompt = {
    points: [{ x: 0.5, y: 0.5 }, { x: 0.9, y: 0.5, label: 0 as const }], // prettier-ignore
    boundingBox: { xMin: 0.1, yMin: 0.2, xMax: 0.5, yMax: 0.8 },
  };

  it("is in pixels of the picture and takes the width of its place", () => {
    const svg = toSvg([segment(FRAME, 0.87)], [prompt], SIZE);
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 200 100" width="100%">/);
    assert.match(svg, /<g data-score="0\.87">/);
    const path = "M20,20L100,20L100,80L20,80ZM40,30L80,30L80,50L40,50Z";
    assert.ok(svg.includes(`d="${path}" fill="${segmentColour(0)}" fill-opacity=".35" fill-rule="evenodd"`));
    assert.equal(svg.split(path).length - 1, 3, "fill, dark halo, coloured line");
    assert.ok(svg.indexOf('stroke="#000"') < svg.indexOf(`stroke="${segmentColour(0)}"`), "the halo lies below");
    assert.match(svg, /<rect x="20" y="20" width="80" height="60"/);
    assert.match(svg, /translate\(100,50\).*translate\(180,50\)/);
  });

  it("has one group a segment, each in its colour", () => {
    const svg = toSvg([segment(FRAME, 0.9, "a"), segment(FRAME, 0.8, "b")], [], SIZE);
    assert.deepEqual(
      [...svg.matchAll(/data-score="([^"]+)" data-label="([^"]+)"/g)].map(([, score, label]) => [score, label]),
      [["0.9", "a"], ["0.8", "b"]], // prettier-ignore
    );
    assert.ok(svg.includes(segmentColour(0)) && svg.includes(segmentColour(1)));
  });

  it("shows the prompt alone when nothing was found", () => {
    assert.doesNotMatch(toSvg([], [prompt], SIZE), /data-score/);
    assert.match(toSvg([], [prompt], SIZE), /stroke-dasharray/);
  });

  it("escapes every text", () => {
    const label = `"><script>alert('x')</script>&\u0000\ud800`;
    const svg = toSvg([segment(FRAME, 0.9, label)], [], SIZE);
    assert.match(svg, /data-label="&quot;&gt;&lt;script&gt;alert\(&#39;x&#39;\)&lt;\/script&gt;&amp;"/);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const marked = toSvg([segment(FRAME, 0.9, text)], [], SIZE);
        const plain = toSvg([segment(FRAME, 0.9, "")], [], SIZE);
        const count = (svg: string): number => svg.match(/[<>"]/g)!.length;
        assert.equal(count(marked), count(plain));
        assert.doesNotMatch(marked, /&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });
});
