import assert from "node:assert/strict";
import sharp from "sharp";
import { type Polygon, type Segment } from "../../src/api";
import { drawMask, drawOverlay } from "../../src/engine";
import { plain, pngBomb, save } from "../support/pictures";
import { removeFolder } from "../../tools/remove-folder";
import { scratchFolder } from "../support/sam-folder";
import { segmentColour } from "../../src/drawing/palette";

/** A rectangle in fractions, given as xMin, yMin, xMax, yMax. */
function rectangle(x1: number, y1: number, x2: number, y2: number): Polygon {
  return {
    vertices: [
      { x: x1, y: y1 },
      { x: x2, y: y1 },
      { x: x2, y: y2 },
      { x: x1, y: y2 },
    ],
  };
}

describe("drawOverlay", () => {
  const grey = { r: 128, g: 128, b: 128 };
  const frame: Segment = { score: 0.97, polygons: [rectangle(0.2, 0.2, 0.8, 0.8), rectangle(0.4, 0.4, 0.6, 0.6)] };
  let folder = "";
  let file = "";
  before(async () => {
    folder = scratchFolder();
    file = await save(folder, "grey.png", plain(500, 400, grey).png());
  });
  after(() => removeFolder(folder));

  async function pixels(picture: Buffer): Promise<(x: number, y: number) => number[]> {
    const { data, info } = await sharp(picture).raw().toBuffer({ resolveWithObject: true });
    return (x, y) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
  }
  const unchanged = [128, 128, 128];

  it("fills segments, leaves their holes open and the rest as it was", async () => {
    const at = await pixels(await drawOverlay({ file, segments: [frame], format: "png" }));
    assert.deepEqual(at(20, 380), unchanged, "outside");
    assert.deepEqual(at(250, 200), unchanged, "in the hole");
    const [red = 0, , blue = 0] = at(150, 200);
    assert.ok(blue > 150 && red < 128, "the fill is bluish");
    assert.deepEqual(at(100, 200), [0x56, 0xb4, 0xe9], "the outline");
    assert.equal(segmentColour(0), "#56B4E9");
    assert.ok(at(98, 200)[0]! < 80, "its dark halo");
  });

  it("draws the score as digits, without any font", async () => {
    const draw = async (score: number): Promise<Buffer> =>
      drawOverlay({ file, segments: [{ ...frame, score }], format: "png" });
    const plate = { left: 100, top: 60, width: 50, height: 18 };
    const parts = await Promise.all(
      [0.97, 0.97, 0.12].map(async (score) =>
        sharp(await draw(score))
          .extract(plate)
          .raw()
          .toBuffer(),
      ),
    );
    assert.ok(
      parts[0]!.some((value) => value > 240),
      "white strokes",
    );
    assert.ok(parts[0]!.equals(parts[1]!) && !parts[0]!.equals(parts[2]!));
  });

  it("draws the prompt: a dashed box, foreground points bright, background points dark", async () => {
    const prompt = {
      points: [
        { x: 0.3, y: 0.5 },
        { x: 0.9, y: 0.5, label: 0 as const },
      ],
      boundingBox: { xMin: 0.1, yMin: 0.1, xMax: 0.5, yMax: 0.9 },
    };
    const at = await pixels(await drawOverlay({ file, segments: [], prompts: [prompt], format: "png" }));
    assert.ok(at(152, 202)[0]! > 250 && at(150, 200)[0]! < 60, "a black sign on white");
    assert.ok(at(453, 202)[0]! < 5 && at(450, 200)[0]! > 150, "a white sign on black");
    const edge = Array.from({ length: 300 }, (_, y) => at(50, 50 + y)[0]!);
    assert.ok(edge.some((value) => value > 180) && edge.some((value) => value < 50), "black and white dashes");
  });

  it("gives the upright picture in the wanted format", async () => {
    const lying = await save(folder, "lying.jpg", plain(60, 40).jpeg().withMetadata({ orientation: 6 }));
    for (const format of ["jpeg", "png"] as const) {
      const metadata = await sharp(await drawOverlay({ file: lying, segments: [frame], format })).metadata();
      assert.deepEqual([metadata.format, metadata.width, metadata.height], [format, 40, 60]);
      assert.equal(metadata.orientation, undefined);
    }
  });

  it("draws on pictures of every form", async () => {
    const forms = {
      pixel: plain(1, 1).png(),
      thin: plain(1, 5000).png(),
      grey: plain(50, 40).toColourspace("b-w").png(),
      deep: plain(50, 40).toColourspace("rgb16").png(),
      transparent: plain(50, 40).ensureAlpha(0.5).png(),
      print: plain(50, 40).toColourspace("cmyk").jpeg(),
    };
    for (const [name, picture] of Object.entries(forms)) {
      const drawn = await drawOverlay({ file: await save(folder, name, picture), segments: [frame], format: "jpeg" });
      assert.equal((await sharp(drawn).metadata()).channels, 3, name);
    }
  });

  it("refuses what is not a picture or too large", async () => {
    const text = await save(folder, "text.png", Buffer.from("hello"));
    const bomb = await save(folder, "bomb.png", pngBomb(10_000, 6_000));
    for (const bad of [text, bomb]) {
      await assert.rejects(drawOverlay({ file: bad, segments: [], format: "png" }), { code: "invalid-image" });
    }
  });
});

describe("drawMask", () => {
  it("is white where a segment is, black elsewhere and in its holes", async () => {
    const frame = { score: 1, polygons: [rectangle(0.2, 0.2, 0.6, 0.8), rectangle(0.3, 0.4, 0.5, 0.6)] };
    const other = { score: 1, polygons: [rectangle(0.5, 0.1, 0.9, 0.3)] };
    const png = await drawMask({ width: 100, height: 50 }, [frame, other]);
    const { data, info } = await sharp(png).toColourspace("b-w").raw().toBuffer({ resolveWithObject: true });
    assert.deepEqual([info.width, info.height, info.channels], [100, 50, 1]);
    const isWhite = (x: number, y: number): boolean =>
      (x >= 20 && x < 60 && y >= 10 && y < 40 && !(x >= 30 && x < 50 && y >= 20 && y < 30)) ||
      (x >= 50 && x < 90 && y >= 5 && y < 15);
    data.forEach((value, index) => {
      const [x, y] = [index % 100, Math.floor(index / 100)];
      assert.equal(value, isWhite(x, y) ? 255 : 0, `${x}, ${y}`);
    });
  });

  it("is black without segments", async () => {
    const data = await sharp(await drawMask({ width: 7, height: 3 }, []))
      .toColourspace("b-w")
      .raw()
      .toBuffer();
    assert.deepEqual([...data], new Array(21).fill(0));
  });
});
