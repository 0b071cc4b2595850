// Weights come as exports of several forms. Each must give its masks in the right places.
import assert from "node:assert/strict";
import sharp from "sharp";
import { intersectionOverUnion, rasterize } from "../../../tools/rasterize";
import type { ImageSize } from "../../../src/api";
import type { Engine, EngineTask } from "../../../src/engine";
import { useEngines } from "../../support/engines";
import { plain, whitePart } from "../../support/pictures";
import { installToySam } from "../../support/sam-folder";
import { TOY_RADIUS } from "../../support/toy-sam";

type Export = NonNullable<Parameters<typeof installToySam>[1]>;

const SIZES: ImageSize[] = [
  { width: 640, height: 400 },
  { width: 301, height: 480 },
];

function maskOf({ width, height }: ImageSize, inside: (x: number, y: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, index) =>
    inside((index % width) + 0.5, Math.floor(index / width) + 0.5) ? 1 : 0,
  );
}

describe("sam's exports", () => {
  const engines = useEngines();

  /** Compares the best mask for a prompt with the true one. */
  async function assertFound(engine: Engine, size: ImageSize, task: EngineTask, truth: Uint8Array): Promise<void> {
    const [segment] = await engine.segment(task);
    const iou = intersectionOverUnion(rasterize(segment?.polygons ?? [], size), truth);
    assert.ok(iou > 0.96, `IoU ${iou} at ${size.width} x ${size.height}`);
  }

  const decoders: Record<string, Export> = {
    "one mask": {},
    "one mask of low resolution": { lowResolutionOnly: true },
    "one mask out of four": { tokens: true },
    "four masks": { tokens: "all" },
    "four masks of low resolution": { tokens: "all", lowResolutionOnly: true },
  };
  for (const [name, form] of Object.entries(decoders)) {
    it(`work with a decoder that gives ${name}`, async () => {
      installToySam(engines.folder, form);
      const engine = engines.start();
      for (const size of SIZES) {
        const [x, y] = [size.width * 0.45, size.height * 0.55];
        const radius = (TOY_RADIUS / 1024) * Math.max(size.width, size.height);
        const svg = `<svg width="${size.width}" height="${size.height}"><rect width="100%" height="100%" fill="#333"/>
          <circle cx="${x}" cy="${y}" r="${radius}" fill="#dd8"/></svg>`;
        const truth = maskOf(size, (atX, atY) => Math.hypot(atX - x, atY - y) < radius);
        const middle = { x: 0.45, y: 0.55 };
        // Two hints: the mask is fed back where all four are known. The disc of the second is far off.
        for (const points of [[middle], [middle, { x: 0.99, y: 0.01, label: 0 as const }]]) {
          await assertFound(engine, size, await engines.task(sharp(Buffer.from(svg)).png(), { points }), truth);
        }
      }
    });
  }

  for (const takes of ["planes", "pixels"] as const) {
    describe(`whose encoder takes ${takes}`, () => {
      const engines = useEngines("describe");
      let engine: Engine;
      before(() => {
        installToySam(engines.folder, { follows: "picture", takes });
        engine = engines.start();
      });

      it("give masks in the right places", async () => {
        for (const size of [...SIZES, { width: 1600, height: 1000 }]) {
          // On the grid of the toy's embedding, of which a cell is 1/64 of the long side.
          const cell = Math.max(size.width, size.height) / 64;
          const part = { left: 8 * cell, top: 16 * cell, width: 16 * cell, height: 12 * cell };
          const picture = whitePart(size.width, size.height, {
            left: Math.round(part.left),
            top: Math.round(part.top),
            width: Math.round(part.width),
            height: Math.round(part.height),
          });
          const truth = maskOf(
            size,
            (x, y) => x > part.left && x < part.left + part.width && y > part.top && y < part.top + part.height,
          );
          await assertFound(engine, size, await engines.task(picture.png(), { points: [{ x: 0.3, y: 0.4 }] }), truth);
        }
      });

      it("see the red channel as red", async () => {
        const count = async (r: number, g: number, b: number): Promise<number> =>
          (await engine.segment(await engines.task(plain(64, 48, { r, g, b }).png()))).length;
        assert.deepEqual([await count(255, 0, 0), await count(0, 255, 0), await count(0, 0, 255)], [1, 0, 0]);
      });
    });
  }
});
