import assert from "node:assert/strict";
import path from "node:path";
import { GraphcutSegmenter } from "../../../src/engine/graphcut/segmenter";
import { EXAMPLE_PICTURES, type ExamplePicture } from "../../../tools/picture-prompts";
import { growBox } from "../../../src/engine/graphcut/frame";
import { readMask } from "../../../tools/dataset";
import { intersectionOverUnion, rasterize } from "../../../tools/rasterize";
import type { Prompt } from "../../../src/api";
import { SegmentError } from "../../../src/api";

const PICTURES = path.join(__dirname, "../../../pictures");
const file = (name: string): string => path.join(PICTURES, name);

describe("GraphcutSegmenter", () => {
  const segmenter = new GraphcutSegmenter();
  const drawn = EXAMPLE_PICTURES.filter((picture) => picture.mask !== undefined);

  const iou = async (picture: ExamplePicture, prompt: Prompt): Promise<number> => {
    const { mask, size } = await readMask(file(picture.mask!));
    const [best] = await segmenter.segment({ file: file(picture.file), sha256: picture.file, prompt });
    assert.ok(best);
    return intersectionOverUnion(rasterize(best.polygons, size), mask);
  };

  for (const picture of drawn) {
    const prompts: [string, Prompt][] = [
      ["a box", { boundingBox: picture.box }],
      ["a box that is half as wide again", { boundingBox: growBox(picture.box, 0.25) }],
    ];
    for (const [name, prompt] of prompts) {
      it(`cuts out ${picture.object} by ${name}`, async () => {
        const found = await iou(picture, prompt);
        assert.ok(found >= 0.9, `IoU ${found.toFixed(3)}`);
      });
    }
  }

  it("keeps pictures by their sha256 and gives alternatives by falling score", async () => {
    const task = {
      file: file("coins.jpg"),
      sha256: "coins",
      prompt: { points: [{ x: 0.87, y: 0.15 }] },
      candidates: 4,
    };
    const segments = await segmenter.segment(task);
    assert.ok(segmenter.kept.includes("coins"));
    assert.ok(segments.length >= 1 && segments.length <= 4);
    assert.deepEqual(await segmenter.segment(task), segments);
  });

  it("cuts once where it has to be fast", async () => {
    await segmenter.warmUp();
    const prompt = { boundingBox: { xMin: 0.79, yMin: 0.045, xMax: 0.955, yMax: 0.25 } };
    const task = { file: file("coins.jpg"), sha256: "coins", prompt, candidates: 3 };
    const [best] = await segmenter.segment({ ...task, fast: true });
    assert.ok(best && best.score > 0 && best.score <= 1);
    assert.notDeepEqual(best, (await segmenter.segment(task))[0], "another answer than that of all recipes");
  });

  it("gives no alternative a higher score than the best, also where a rule takes another than the critic", async () => {
    const gauge = EXAMPLE_PICTURES.find((picture) => picture.file === "gauge.jpg")!;
    const task = { file: file(gauge.file), sha256: gauge.file, prompt: { boundingBox: gauge.box }, candidates: 4 };
    const scores = (await segmenter.segment(task)).map(({ score }) => score);
    assert.ok(scores.length > 1);
    assert.deepEqual(
      scores,
      scores.toSorted((a, b) => b - a),
    );
  });

  it("refuses what is no picture", async () => {
    const task = { file: __filename, sha256: "text", prompt: { points: [{ x: 0.5, y: 0.5 }] } };
    await assert.rejects(
      segmenter.segment(task),
      (error) => error instanceof SegmentError && error.code === "invalid-image",
    );
  });
});
