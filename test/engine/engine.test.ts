import assert from "node:assert/strict";
import sharp from "sharp";
import { intersectionOverUnion, rasterize } from "../../tools/rasterize";
import type { Prompt } from "../../src/api";
import type { Engine } from "../../src/engine";
import { MIDDLE, points, useEngines } from "../support/engines";
import { BLACK, plain, WHITE, whitePart } from "../support/pictures";
import { encoderRuns, installToySam, type ToyInstallation } from "../support/sam-folder";
import { TOY_RADIUS } from "../support/toy-sam";

/** The mask that a model must find. */
function expectedMask(width: number, height: number, inside: (x: number, y: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, index) =>
    inside((index % width) + 0.5, Math.floor(index / width) + 0.5) ? 1 : 0,
  );
}

describe("the engine in its worker processes", () => {
  describe("with a toy model whose mask follows the prompt", () => {
    const engines = useEngines("describe");
    let toy: ToyInstallation;
    let engine: Engine;
    let earlierRuns = 0;
    before(() => {
      toy = installToySam(engines.folder);
      engine = engines.start();
    });
    beforeEach(() => (earlierRuns = toy.runs().length));

    /** Labels of all prompts that this test had decoded, without those of warming up. */
    function decodedLabels(): number[][] {
      return toy
        .runs()
        .slice(earlierRuns)
        .flatMap(({ inputs }) => (inputs.point_labels === undefined ? [] : [inputs.point_labels.data]))
        .filter((labels) => labels.length !== 2 || labels[0] !== 1);
    }

    it("finds discs and boxes at the right position in wide, tall and odd pictures", async () => {
      for (const [width, height] of [
        [400, 300],
        [300, 400],
        [641, 479],
        [1200, 100],
        [97, 1033],
        [3000, 2000],
      ] as const) {
        const radius = (TOY_RADIUS / 1024) * Math.max(width, height);
        const distance = (x: number, y: number, atX: number, atY: number): number =>
          Math.hypot(x - atX * width, y - atY * height);
        const cases: [Prompt, (x: number, y: number) => boolean][] = [
          [{ points: [{ x: 0.25, y: 0.6 }] }, (x, y) => distance(x, y, 0.25, 0.6) < radius],
          [
            {
              points: [
                { x: 0.25, y: 0.6 },
                { x: 0.4, y: 0.5, label: 0 },
                { x: 0.9, y: 0.9, label: 1 },
              ],
            },
            (x, y) =>
              Math.min(distance(x, y, 0.25, 0.6), distance(x, y, 0.9, 0.9)) < radius &&
              distance(x, y, 0.4, 0.5) > radius,
          ],
          [
            { boundingBox: { xMin: 0.125, yMin: 0.25, xMax: 0.5, yMax: 1 } },
            (x, y) => x > 0.125 * width && x < 0.5 * width && y > 0.25 * height,
          ],
        ];
        for (const [prompt, inside] of cases) {
          const [segment, ...others] = await engine.segment(await engines.task(plain(width, height).png(), prompt));
          assert.equal(others.length, 0);
          const iou = intersectionOverUnion(
            rasterize(segment!.polygons, { width, height }),
            expectedMask(width, height, inside),
          );
          assert.ok(iou > 0.985, `IoU ${iou} at ${width} x ${height} for ${JSON.stringify(prompt)}`);
        }
      }
    });

    it("gives the decoder one padding point with points, and none with a box", async () => {
      const box = { xMin: 0.1, yMin: 0.1, xMax: 0.6, yMax: 0.6 };
      const picture = plain(40, 30).png();
      await engine.segment(
        await engines.task(picture, {
          points: [
            { x: 0.2, y: 0.2 },
            { x: 0.3, y: 0.3, label: 0 },
          ],
        }),
      );
      await engine.segment(await engines.task(picture, { boundingBox: box }));
      await engine.segment(await engines.task(picture, { points: [{ x: 0.2, y: 0.2, label: 1 }], boundingBox: box }));
      assert.deepEqual(decodedLabels(), [
        [1, 0, -1],
        [2, 3],
        [1, 2, 3],
      ]);
    });

    it("reaches the border with a box that does", async () => {
      const boundingBox = { xMin: 0, yMin: 0, xMax: 1, yMax: 1 };
      const [segment] = await engine.segment(await engines.task(plain(333, 222).png(), { boundingBox }));
      const corners = segment!.polygons[0]!.vertices.map(({ x, y }) => `${x} ${y}`).sort();
      assert.deepEqual(corners, ["0 0", "0 1", "1 0", "1 1"]);
    });

    it("gives the same segments each time", async () => {
      const picture = plain(640, 480).png();
      const first = await engine.segment(await engines.task(picture, points(3)));
      assert.deepEqual(await engines.start().segment(await engines.task(picture, points(3))), first);
    });

    it("finds nothing without a foreground point and without a box, and does not run the model", async () => {
      let started = 0;
      const nothing = await engines.task(plain(40, 30).png(), { points: [{ x: 0.5, y: 0.5, label: 0 }] });
      assert.deepEqual(await engine.segment(nothing, () => started++), []);
      assert.equal(started, 1);
      assert.deepEqual(decodedLabels(), []);
    });

    it("encodes a picture once, however many prompts it gets", async () => {
      const earlier = encoderRuns(toy);
      const picture = await engines.task(plain(50, 30).png());
      for (const prompt of [MIDDLE, points(2), points(3)]) await engine.segment({ ...picture, prompt });
      assert.equal(encoderRuns(toy) - earlier, 1);
      await engine.segment(await engines.task(plain(51, 30).png(), MIDDLE, "other"));
      await engine.segment(picture);
      assert.equal(encoderRuns(toy) - earlier, 2);
    });
  });

  describe("with a toy model that has scores of its own", () => {
    const engines = useEngines();

    it("keeps the score within 0..1", async () => {
      installToySam(engines.folder, { ious: [1.04] });
      const [segment] = await engines.start().segment(await engines.task(plain(40, 30).png()));
      assert.equal(segment!.score, 1);
    });

    it("takes the best of several masks", async () => {
      installToySam(engines.folder, { ious: [0.5, 0.75] });
      const [segment] = await engines.start().segment(await engines.task(plain(100, 100).png()));
      assert.equal(segment!.score, 0.75);
      const mask = rasterize(segment!.polygons, { width: 100, height: 100 });
      assert.deepEqual([mask[0], mask[50 * 100 + 50]], [1, 0], "the inverted mask");
    });
  });

  describe("with a toy model whose mask is the bright part of the picture", () => {
    const engines = useEngines("describe");
    let engine: Engine;
    async function brightPart(picture: sharp.Sharp, width: number, height: number): Promise<Uint8Array> {
      const [segment] = await engine.segment(await engines.task(picture));
      return rasterize(segment?.polygons ?? [], { width, height });
    }
    /** The bounding box of a mask in pixels. */
    function extent(mask: Uint8Array, width: number): number[] {
      const xs: number[] = [];
      const ys: number[] = [];
      mask.forEach((inside, index) => {
        if (inside !== 0) xs.push(index % width);
        if (inside !== 0) ys.push(Math.floor(index / width));
      });
      return [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1];
    }
    function assertExtent(mask: Uint8Array, width: number, expected: number[], tolerance: number): void {
      extent(mask, width).forEach((side, index) => {
        assert.ok(
          Math.abs(side - expected[index]!) <= tolerance,
          `${extent(mask, width).join()}, expected ${expected.join()}`,
        );
      });
    }
    before(() => {
      installToySam(engines.folder, { follows: "picture" });
      engine = engines.start();
    });

    it("scales and pads wide, tall and odd pictures without moving anything", async () => {
      for (const [width, height] of [
        [512, 384],
        [384, 512],
        [1024, 333],
        [250, 111],
      ] as const) {
        const part = {
          left: Math.round(width / 4),
          top: Math.round(height / 4),
          width: Math.round(width / 2),
          height: Math.round(height / 3),
        };
        const mask = await brightPart(whitePart(width, height, part).png(), width, height);
        // The toy's embedding has a cell for 16 x 16 pixels of 1024.
        const tolerance = (16 / 1024) * Math.max(width, height);
        assertExtent(mask, width, [part.left, part.top, part.left + part.width, part.top + part.height], tolerance);
      }
    });

    it("finds the object in the upright picture", async () => {
      const lying = whitePart(400, 200, { left: 0, top: 100, width: 100, height: 100 });
      const turned = lying.jpeg({ quality: 100 }).withMetadata({ orientation: 6 });
      assertExtent(await brightPart(turned, 200, 400), 200, [0, 0, 100, 100], 7);
    });

    it("takes pictures of every form", async () => {
      const part = { left: 100, top: 100, width: 100, height: 50 };
      const forms = {
        grey: whitePart(300, 200, part).toColourspace("b-w").png(),
        deep: whitePart(300, 200, part).toColourspace("rgb16").png(),
        transparent: sharp(await whitePart(300, 200, part).png().toBuffer())
          .ensureAlpha(1)
          .png(),
        print: sharp(await whitePart(300, 200, part).png().toBuffer())
          .toColourspace("cmyk")
          .jpeg({ quality: 100 }),
      };
      for (const picture of Object.values(forms)) {
        assertExtent(await brightPart(picture, 300, 200), 300, [100, 100, 200, 150], 5);
      }
    });

    it("takes pictures of one colour, of one pixel, and 5000 times as long as wide", async () => {
      const all = [
        { x: 0, y: 0 },
        { x: 0, y: 1 },
        { x: 1, y: 0 },
        { x: 1, y: 1 },
      ];
      for (const [width, height] of [
        [64, 64],
        [1, 1],
        [1, 5000],
        [5000, 1],
      ] as const) {
        const [segment] = await engine.segment(await engines.task(plain(width, height, WHITE).png()));
        const box = segment!.polygons[0]!.vertices.map(({ x, y }) => ({ x: Math.round(x), y: Math.round(y) }));
        for (const corner of all) assert.ok(box.some(({ x, y }) => x === corner.x && y === corner.y));
        assert.deepEqual(await engine.segment(await engines.task(plain(width, height, BLACK).png())), []);
      }
    });

    it("sees the red channel as red", async () => {
      assert.equal((await engine.segment(await engines.task(plain(64, 64, { r: 255, g: 0, b: 0 }).png()))).length, 1);
      assert.equal((await engine.segment(await engines.task(plain(64, 64, { r: 0, g: 255, b: 255 }).png()))).length, 0);
    });
  });
});
