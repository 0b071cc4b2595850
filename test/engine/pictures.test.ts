// Compares what the engines cut out of the shipped pictures with exact masks, or with outlines that were checked by eye.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { z } from "zod";
import { growBox } from "../../src/engine/graphcut/frame";
import { readMask } from "../../tools/dataset";
import { intersectionOverUnion, rasterize } from "../../tools/rasterize";
import { EXAMPLE_PICTURES, type ExamplePicture } from "../../tools/picture-prompts";
import type { ImageSize, Prompt, Segment } from "../../src/api";
import { createEngine, type Engine } from "../../src/engine";
import { sha256Of } from "../support/pictures";
import { removeFolder } from "../../tools/remove-folder";
import { scratchFolder } from "../support/sam-folder";

const PICTURES = join(__dirname, "..", "..", "pictures");

/** The rings of each object's outline, as [x, y] in fractions of the picture. */
const OUTLINES = z
  .record(z.string(), z.array(z.array(z.tuple([z.number(), z.number()]))))
  .parse(JSON.parse(readFileSync(join(__dirname, "..", "fixtures", "outlines.json"), "utf8")));

function promptsOf({ box, points }: ExamplePicture): [string, Prompt][] {
  return [
    ["a box", { boundingBox: box }],
    ["a box and a click", { boundingBox: box, points: points.slice(0, 1) }],
    ["a box that is half as wide again", { boundingBox: growBox(box, 0.25) }],
  ];
}

function drawnOutline(file: string, size: ImageSize): Uint8Array {
  const rings = OUTLINES[file]!;
  return rasterize(
    rings.map((ring) => ({ vertices: ring.map(([x, y]) => ({ x, y })) })),
    size,
  );
}

for (const name of ["sam", "graphcut"] as const) {
  describe(`the engine ${name} on the shipped pictures`, () => {
    let engine: Engine;
    let folder: string;
    before(() => {
      folder = scratchFolder();
      engine = createEngine({ engine: name, workers: 1, dataDir: folder });
    });
    after(async () => {
      await engine.close();
      removeFolder(folder);
    });

    async function cut(
      picture: string,
      prompt: Prompt,
    ): Promise<{ segment: Segment; found: Uint8Array; size: ImageSize }> {
      const file = join(PICTURES, picture);
      const [segment, ...others] = await engine.segment({ file, sha256: sha256Of(file), prompt });
      assert.ok(segment);
      assert.equal(others.length, 0);
      const { width, height } = await sharp(file).metadata();
      const size = { width, height };
      return { segment, found: rasterize(segment.polygons, size), size };
    }

    for (const picture of EXAMPLE_PICTURES) {
      for (const [how, prompt] of promptsOf(picture)) {
        it(`cuts out ${picture.object} by ${how}`, async () => {
          const { segment, found, size } = await cut(picture.file, prompt);
          assert.ok(segment.score > 0.5 && segment.score <= 1, `score ${segment.score}`);
          const exact =
            picture.mask === undefined
              ? drawnOutline(picture.file, size)
              : (await readMask(join(PICTURES, picture.mask))).mask;
          const iou = intersectionOverUnion(found, exact);
          assert.ok(iou >= 0.9, `IoU ${iou}`);
          for (const { x, y, label } of picture.points) {
            const inside = found[Math.floor(y * size.height) * size.width + Math.floor(x * size.width)];
            assert.equal(inside, label, `at ${x}, ${y}`);
          }
        });
      }

      if (name === "sam") {
        it(`gives the stored outline of ${picture.object}`, async () => {
          const { found, size } = await cut(picture.file, { boundingBox: picture.box });
          const iou = intersectionOverUnion(found, drawnOutline(picture.file, size));
          assert.ok(iou > 0.98, `IoU ${iou}`);
        });
      }
    }
  });
}
