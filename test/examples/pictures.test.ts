import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { EXAMPLE_PICTURES } from "../../tools/picture-prompts";
import { beltScene } from "../../tools/scenes/belt";
import { mask, photograph } from "../../tools/scenes/camera";
import { gaugeScene } from "../../tools/scenes/gauge";
import { segmentRequestSchema } from "../../src/api";

const FOLDER = join(__dirname, "..", "..", "pictures");
const inFolder = (file: string): string => join(FOLDER, file);

interface Grey {
  data: Buffer;
  width: number;
  height: number;
}

async function grey(file: string | Buffer): Promise<Grey> {
  const { data, info } = await sharp(file).greyscale().raw().toBuffer({ resolveWithObject: true });
  assert.equal(info.channels, 1);
  return { data, width: info.width, height: info.height };
}

function covers({ data, width, height }: Grey, at: { x: number; y: number }): boolean {
  return data[Math.floor(at.y * height) * width + Math.floor(at.x * width)] === 255;
}

function outerBox({ data, width, height }: Grey): { xMin: number; yMin: number; xMax: number; yMax: number } {
  const box = { xMin: 1, yMin: 1, xMax: 0, yMax: 0 };
  data.forEach((value, index) => {
    if (value !== 255) return;
    const x = index % width;
    const y = Math.floor(index / width);
    box.xMin = Math.min(box.xMin, x / width);
    box.yMin = Math.min(box.yMin, y / height);
    box.xMax = Math.max(box.xMax, (x + 1) / width);
    box.yMax = Math.max(box.yMax, (y + 1) / height);
  });
  return box;
}

describe("example pictures", () => {
  const pictures = readdirSync(FOLDER).filter((file) => /\.(jpg|png)$/.test(file));

  it("are all described, and named in NOTICE", () => {
    const described = EXAMPLE_PICTURES.flatMap(({ file, mask: maskFile }) => [file, maskFile ?? []]).flat();
    assert.deepEqual([...described].sort(), [...pictures].sort());
    const notice = readFileSync(join(FOLDER, "..", "NOTICE"), "utf8");
    for (const { file } of EXAMPLE_PICTURES) assert.ok(notice.includes(file), `NOTICE doesn't name ${file}`);
  });

  it("are small", () => {
    for (const file of pictures) assert.ok(statSync(inFolder(file)).size < 100_000, file);
  });

  for (const picture of EXAMPLE_PICTURES) {
    it(`${picture.file}: its prompts are requests of the contract`, () => {
      segmentRequestSchema.parse({ items: [{ fileId: 1 }], boundingBox: picture.box, points: picture.points });
      assert.equal(picture.points[0]?.label, 1);
    });

    const maskFile = picture.mask;
    if (maskFile === undefined) continue;
    it(`${picture.file}: its mask is black and white, of its size, and fits the prompts`, async () => {
      const object = await grey(inFolder(maskFile));
      const { width, height } = await sharp(inFolder(picture.file)).metadata();
      assert.deepEqual([object.width, object.height], [width, height]);
      assert.ok(object.data.every((value) => value === 0 || value === 255));
      for (const point of picture.points) assert.equal(covers(object, point), point.label === 1, JSON.stringify(point));
      const tight = outerBox(object);
      for (const side of ["xMin", "yMin"] as const) assert.ok(picture.box[side] < tight[side], side);
      for (const side of ["xMax", "yMax"] as const) assert.ok(picture.box[side] > tight[side], side);
    });
  }

  for (const scene of [gaugeScene(), beltScene()]) {
    it(`${scene.name}.jpg and its mask are what the script draws`, async () => {
      const drawnMask = await grey(await mask(scene));
      assert.ok(drawnMask.data.equals((await grey(inFolder(`${scene.name}-mask.png`))).data));
      const drawn = await grey(await photograph(scene));
      const stored = await grey(inFolder(`${scene.name}.jpg`));
      const difference = drawn.data.reduce((sum, value, index) => sum + Math.abs(value - stored.data[index]!), 0);
      assert.ok(difference / drawn.data.length < 1, `mean difference ${difference / drawn.data.length} grey levels`);
    });
  }
});
