import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type sharp from "sharp";
import { decodePixels, openPicture } from "../../src/engine/picture";
import type { Pixels } from "../../src/engine/pixels/pixels";
import { plain, pngBomb, save, whitePart } from "../support/pictures";
import { removeFolder } from "../../tools/remove-folder";
import { scratchFolder } from "../support/sam-folder";

describe("pictures", () => {
  let folder = "";
  before(() => (folder = scratchFolder()));
  after(() => removeFolder(folder));

  async function decode(picture: sharp.Sharp | Uint8Array, width: number, height: number): Promise<Pixels> {
    const opened = await openPicture(await save(folder, "picture", picture));
    return decodePixels(opened, { width, height });
  }

  function pixelAt({ data, width }: Pixels, x: number, y: number): number[] {
    return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
  }

  const colour = { r: 200, g: 100, b: 50 };
  const forms: Record<string, { picture: sharp.Sharp; expected: number[]; tolerance: number }> = {
    "8 bit PNG": { picture: plain(40, 20, colour).png(), expected: [200, 100, 50], tolerance: 0 },
    "palette PNG": { picture: plain(40, 20, colour).png({ palette: true }), expected: [200, 100, 50], tolerance: 0 },
    "16 bit PNG": {
      picture: plain(40, 20, colour).toColourspace("rgb16").png(),
      expected: [200, 100, 50],
      tolerance: 0,
    },
    JPEG: { picture: plain(40, 20, colour).jpeg({ quality: 100 }), expected: [200, 100, 50], tolerance: 2 },
    "CMYK JPEG": {
      picture: plain(40, 20, colour).toColourspace("cmyk").jpeg({ quality: 100 }),
      expected: [200, 100, 50],
      tolerance: 40, // there is no way back to exactly the same colour
    },
    "grey PNG": {
      picture: plain(40, 20, { r: 90, g: 90, b: 90 }).toColourspace("b-w").png(),
      expected: [90, 90, 90],
      tolerance: 1,
    },
    "16 bit grey PNG": {
      picture: plain(40, 20, { r: 90, g: 90, b: 90 }).toColourspace("grey16").png(),
      expected: [90, 90, 90],
      tolerance: 1,
    },
    "half transparent PNG": {
      picture: plain(40, 20, colour).ensureAlpha(0.5).png(),
      expected: [228, 178, 153],
      tolerance: 1,
    },
  };
  for (const [name, { picture, expected, tolerance }] of Object.entries(forms)) {
    it(`gives three channels of 8 bit for a ${name}`, async () => {
      const pixels = await decode(picture, 10, 5);
      assert.equal(pixels.data.length, 10 * 5 * 3);
      pixelAt(pixels, 4, 2).forEach((value, channel) => {
        assert.ok(Math.abs(value - expected[channel]!) <= tolerance, `channel ${channel}: ${value}`);
      });
    });
  }

  it("turns a picture upright", async () => {
    const lying = whitePart(40, 20, { left: 0, top: 0, width: 10, height: 20 });
    const file = await save(folder, "exif6.jpg", lying.jpeg({ quality: 100 }).withMetadata({ orientation: 6 }));
    const picture = await openPicture(file);
    assert.deepEqual(picture.size, { width: 20, height: 40 });
    const pixels = await decodePixels(picture, picture.size);
    assert.ok(pixelAt(pixels, 10, 3)[0]! > 250, "the left of the lying picture is the top of the upright one");
    assert.ok(pixelAt(pixels, 10, 30)[0]! < 5);
  });

  it("takes pictures as thin as they come", async () => {
    assert.equal((await decode(plain(1, 1).png(), 1, 1)).data.length, 3);
    assert.equal((await decode(plain(1, 5000).png(), 1, 1024)).data.length, 3 * 1024);
  });

  describe("that are none", () => {
    async function assertRefused(bytes: Uint8Array, reason: RegExp): Promise<void> {
      await assert.rejects(decode(bytes, 10, 10), { code: "invalid-image", message: reason });
    }

    it("refuses an empty file", () => assertRefused(Buffer.alloc(0), /empty: its file has 0 bytes/));
    it("refuses a text", () => assertRefused(Buffer.from("not a picture"), /not a JPEG or PNG/));
    it("refuses an SVG", () =>
      assertRefused(Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"), /not a JPEG or PNG/));
    it("refuses a GIF, whatever its name", async () => {
      const file = await save(folder, "gif.png", plain(10, 10).gif());
      await assert.rejects(openPicture(file), { code: "invalid-image", message: /by its content it is a GIF/ });
    });
    it("refuses a JPEG that ends too early", async () => {
      const whole = readFileSync(
        await save(folder, "whole.jpg", whitePart(300, 200, { left: 9, top: 9, width: 99, height: 99 }).jpeg()),
      );
      await assertRefused(whole.subarray(0, whole.length / 2), /damaged or not complete: .*premature end/);
      await assertRefused(whole.subarray(0, 20), /header can't be read/);
    });
    it("refuses a PNG that ends too early", async () => {
      const whole = readFileSync(
        await save(folder, "whole.png", whitePart(300, 200, { left: 9, top: 9, width: 99, height: 99 }).png()),
      );
      await assertRefused(whole.subarray(0, whole.length / 2), /damaged or not complete/);
    });
    it("refuses 60 megapixels by the header, before it decodes anything", () =>
      assertRefused(pngBomb(10_000, 6_000), /too large: 10000 x 6000 pixels, at most 50 megapixels/));
    it("refuses a file that is not there", () =>
      assert.rejects(openPicture(join(folder, "missing.png")), { code: "invalid-image", message: /can't be read/ }));
  });
});
