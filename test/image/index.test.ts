import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import sharp from "sharp";
import { ImageError, readImageInfo } from "../../src/image";

function picture(
  format: "jpeg" | "png" | "gif" | "webp",
  width: number,
  height: number,
  orientation?: number,
): Promise<Buffer> {
  const image = sharp({ create: { width, height, channels: 3, background: "#806040" } }).toFormat(format);
  return (orientation === undefined ? image : image.withMetadata({ orientation })).toBuffer();
}

describe("readImageInfo", () => {
  for (const format of ["jpeg", "png"] as const) {
    it(`reads type, size and hash of a ${format} by its content`, async () => {
      const bytes = await picture(format, 33, 21);
      assert.deepEqual(await readImageInfo(bytes), {
        mimeType: `image/${format}`,
        width: 33,
        height: 21,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      });
    });

    it(`gives the size of an upright ${format} for each EXIF orientation, as the decoder does`, async () => {
      for (let orientation = 1; orientation <= 8; orientation++) {
        const bytes = await picture(format, 40, 20, orientation);
        const decoded = await sharp(bytes).autoOrient().toBuffer({ resolveWithObject: true });
        const { width, height } = await readImageInfo(bytes);
        assert.deepEqual([width, height], [decoded.info.width, decoded.info.height], `orientation ${orientation}`);
      }
    });
  }

  it("reads pictures of any size", async () => {
    const side = fc.integer({ min: 1, max: 3000 });
    await fc.assert(
      fc.asyncProperty(side, side, fc.constantFrom("jpeg", "png"), async (width, height, format) => {
        const info = await readImageInfo(await picture(format, width, height));
        assert.deepEqual([info.width, info.height], [width, height]);
      }),
      { numRuns: 15 },
    );
  });

  it("takes a Uint8Array that is a window into a larger buffer, and leaves it as it was", async () => {
    const bytes = await picture("png", 7, 5, 6);
    const large = new Uint8Array(bytes.length + 100).fill(0xff);
    large.set(bytes, 50);
    const before = Buffer.from(large);
    const info = await readImageInfo(large.subarray(50, 50 + bytes.length));
    assert.deepEqual([info.width, info.height], [5, 7]);
    assert.equal(info.sha256, createHash("sha256").update(bytes).digest("hex"));
    assert.deepEqual(Buffer.from(large), before);
  });

  it("reads a JPEG with megabytes of metadata, as thermal cameras write them", async () => {
    const plain = await picture("jpeg", 40, 20, 6);
    const segment = Buffer.alloc(2 + 65_535, "x");
    segment.writeUInt32BE(0xffe1ffff);
    const bytes = Buffer.concat([plain.subarray(0, 2), ...Array<Buffer>(30).fill(segment), plain.subarray(2)]);
    assert.deepEqual(await readImageInfo(bytes), {
      mimeType: "image/jpeg",
      width: 20,
      height: 40,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    });
  });

  it("refuses what is no JPEG or PNG and says so", async () => {
    const gif = await picture("gif", 8, 8);
    const webp = await picture("webp", 8, 8);
    const cases: [string, Uint8Array, RegExp][] = [
      ["nothing", new Uint8Array(), /empty \(0 bytes\)/],
      ["a GIF", gif, /is gif: send a JPEG or a PNG/],
      ["a WebP", webp, /is webp: send a JPEG or a PNG/],
      ["text", Buffer.from("not a picture"), /no JPEG or PNG/],
      ["a start of a JPEG", (await picture("jpeg", 8, 8)).subarray(0, 20), /header is damaged/],
      ["a start of a PNG", (await picture("png", 8, 8)).subarray(0, 10), /header is damaged/],
    ];
    for (const [what, bytes, message] of cases) {
      await assert.rejects(
        readImageInfo(bytes),
        (error) => error instanceof ImageError && message.test(error.message),
        what,
      );
    }
  });

  it("answers or throws ImageError for any bytes, also in a damaged header", async () => {
    const whole = [await picture("jpeg", 40, 20, 6), await picture("png", 40, 20, 6)];
    const damaged = fc
      .tuple(fc.constantFrom(...whole), fc.nat(200), fc.nat(255), fc.nat(400))
      .map(([bytes, at, value, end]) => {
        const copy = Buffer.from(bytes);
        copy[at] = value;
        return copy.subarray(0, end);
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), async (bytes) => {
        try {
          assert.match((await readImageInfo(bytes)).sha256, /^[0-9a-f]{64}$/);
        } catch (error) {
          assert.ok(error instanceof ImageError, String(error));
        }
      }),
    );
  });
});
