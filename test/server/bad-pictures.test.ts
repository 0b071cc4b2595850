import assert from "node:assert/strict";
import sharp from "sharp";
import { createdFileSchema, type MimeType } from "../../src/api";
import { pngBomb } from "../support/pictures";
import { disc, errorOf, FILES, TestServer } from "./support";

describe("bad pictures", function () {
  this.timeout(60_000);
  let server: TestServer;
  before(async () => {
    server = await TestServer.start();
  });
  after(() => server.close());

  const plain = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: "#456" } });
  const pictures: [string, MimeType, () => Promise<Uint8Array> | Uint8Array, RegExp][] = [
    ["text", "image/jpeg", () => Buffer.from("this is not a picture"), /JPEG|PNG/],
    ["0 bytes", "image/jpeg", () => Buffer.alloc(0), /empty|JPEG|PNG/],
    ["a JPEG cut short", "image/jpeg", async () => (await disc()).subarray(0, 900), /./],
    ["a PNG bomb", "image/png", () => pngBomb(50_000, 50_000), /megapixel/],
    ["a GIF renamed .png", "image/png", () => plain(20, 20).gif().toBuffer(), /JPEG|PNG/],
    ["60 megapixels", "image/png", () => plain(10_000, 6_000).png().toBuffer(), /megapixel/],
  ];
  for (const [name, mimeType, make, reason] of pictures) {
    it(`${name}: the job fails with a plain reason, and the next job completes`, async () => {
      const bad = await server.start(await server.upload(await make(), { mimeType }));
      const good = await server.start(await server.upload(await disc()));
      const job = await server.ended(bad.jobId);
      assert.equal(job.status, "Failed");
      assert.match(String(job.errorMessage), reason);
      assert.doesNotMatch(
        String(job.errorMessage),
        /\n|^\s*at |\/pictures\//,
        "a plain reason, without stack and path",
      );
      assert.deepEqual(job.items, []);
      assert.deepEqual(job.failedItems, [{ errorMessage: job.errorMessage, items: bad.items }]);
      assert.equal((await server.ended(good.jobId)).status, "Completed");
    });
  }

  it("a file without a picture: the job fails and says so, and there is no download link", async () => {
    const { id } = createdFileSchema.parse(
      (await server.http.post(FILES, { name: "a.png", mimeType: "image/png" })).data,
    );
    const job = await server.ended((await server.start(id)).jobId);
    assert.equal(job.status, "Failed");
    assert.match(String(job.errorMessage), new RegExp(`file ${id} has no picture`));
    errorOf(await server.http.post(`${FILES}/downloadlink`, { items: [{ id }] }), 400);
  });
});
