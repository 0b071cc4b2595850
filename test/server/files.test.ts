import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import axios from "axios";
import sharp from "sharp";
import { createdFileSchema, downloadLinksSchema } from "../../src/api";
import { disc, errorOf, FILES, removeDir, scratchDir, TestServer } from "./support";

function picturesIn(dataDir: string): string[] {
  return readdirSync(join(dataDir, "pictures"), { recursive: true, encoding: "utf8" }).filter((name) =>
    /[0-9a-f]{64}$/.test(name),
  );
}

describe("files of the server", function () {
  this.timeout(30_000);
  let server: TestServer;
  /** The system's temporary folder during these tests. */
  let temporary: string;
  before(async () => {
    temporary = scratchDir();
    const dataDir = scratchDir();
    mkdirSync(join(dataDir, "temporary"));
    writeFileSync(join(dataDir, "temporary", "somebody's"), "");
    const { TMPDIR } = process.env;
    process.env["TMPDIR"] = temporary;
    server = await TestServer.start({ dataDir });
    if (TMPDIR === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = TMPDIR;
  });
  after(async () => {
    await server.close({ keepData: true });
    assert.deepEqual(readdirSync(temporary), [], "the folder of temporary pictures is gone");
    assert.deepEqual(readdirSync(join(server.dataDir, "temporary")), ["somebody's"]);
    removeDir(temporary);
    removeDir(server.dataDir);
  });

  /** The contents of the one folder that the server creates. */
  const temporaryPictures = () => {
    const folders = readdirSync(temporary);
    assert.equal(folders.length, 1);
    return readdirSync(join(temporary, folders[0]!));
  };

  const download = async (id: number) => {
    const response = await server.http.post(`${FILES}/downloadlink`, { items: [{ id }] });
    const [item] = downloadLinksSchema.parse(response.data).items;
    assert.equal(item?.["id"], id);
    return axios.get<Buffer>(item.downloadUrl, { proxy: false, responseType: "arraybuffer" });
  };

  it("returns the uploaded bytes unchanged, by a link that needs no token", async () => {
    const picture = await disc();
    const response = await download(await server.upload(picture));
    assert.deepEqual(response.data, picture);
    assert.equal(response.headers["content-type"], "image/jpeg");
    assert.ok(response.headers["x-request-id"]);
  });

  it("keeps the record's fields", async () => {
    const file = {
      name: "a.png",
      mimeType: "image/png",
      externalId: "full",
      directory: "/line 4",
      source: "camera",
      metadata: { shift: "night" },
      dataSetId: 7,
    };
    const created = await server.http.post<{ uploadUrl: string; createdTime: number; id: number }>(FILES, file);
    const { uploadUrl, id, createdTime, ...rest } = created.data;
    assert.ok(uploadUrl.startsWith(`${server.url}/pictures/${id}?`));
    assert.deepEqual(rest, { ...file, instanceId: null, uploaded: false, lastUpdatedTime: createdTime });
  });

  it("makes links to the address of the reverse proxy that the client used", async () => {
    const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "segment.example:8443" };
    const body = { name: "a.png", mimeType: "image/png" };
    const { uploadUrl, id } = createdFileSchema.parse((await server.http.post(FILES, body, { headers })).data);
    assert.ok(uploadUrl.startsWith(`https://segment.example:8443/pictures/${id}?`), uploadUrl);
    const { pathname, search } = new URL(uploadUrl);
    assert.equal((await server.http.put(`${pathname}${search}`, await disc(8))).status, 200);
    const response = await server.http.post(`${FILES}/downloadlink`, { items: [{ id }] }, { headers });
    const [item] = downloadLinksSchema.parse(response.data).items;
    assert.ok(item?.downloadUrl.startsWith("https://segment.example:8443/pictures/"), item?.downloadUrl);
  });

  it("stores equal pictures once, and removes the picture with its last file", async () => {
    const picture = await disc(123);
    const before = picturesIn(server.dataDir).length;
    const ids = await Promise.all([server.upload(picture), server.upload(picture)]);
    assert.equal(picturesIn(server.dataDir).length, before + 1);
    const remove = (id: number) => server.http.post(`${FILES}/delete`, { items: [{ id }] });
    assert.deepEqual((await remove(ids[0])).data, {});
    assert.deepEqual((await download(ids[1])).data, picture);
    await remove(ids[1]);
    assert.equal(picturesIn(server.dataDir).length, before);
    errorOf(await remove(ids[1]), 400);
  });

  it("an upload may be repeated; one to a deleted file is refused", async () => {
    const { id, uploadUrl } = createdFileSchema.parse(
      (await server.http.post(FILES, { name: "a.jpg", mimeType: "image/jpeg" })).data,
    );
    const put = async (n: number) =>
      server.http.put(uploadUrl, await disc(n), { headers: { "content-type": "image/jpeg" } });
    assert.equal((await put(1)).status, 200);
    assert.equal((await put(2)).status, 200);
    assert.deepEqual((await download(id)).data, await disc(2));
    await server.http.post(`${FILES}/delete`, { items: [{ id }] });
    errorOf(await put(3), 404);
  });

  describe("POST /draw", () => {
    const segments = [
      {
        score: 0.9,
        polygons: [
          {
            vertices: [
              { x: 0.2, y: 0.2 },
              { x: 0.8, y: 0.2 },
              { x: 0.5, y: 0.8 },
            ],
          },
        ],
      },
    ];
    const draw = (body: object) => server.http.post<Buffer>("/draw", body, { responseType: "arraybuffer" });

    it("draws the same over a file and over bytes", async () => {
      const picture = await disc();
      const fileId = await server.upload(picture);
      const ofFile = await draw({ items: [{ fileId }], segments, format: "png" });
      const ofBytes = await draw({ image: picture.toString("base64"), segments, format: "png" });
      assert.equal(ofFile.status, 200);
      assert.equal(ofFile.headers["content-type"], "image/png");
      assert.deepEqual(ofFile.data, ofBytes.data);
      const plain = await sharp(picture).raw().toBuffer();
      const drawn = await sharp(ofFile.data).raw().toBuffer({ resolveWithObject: true });
      assert.deepEqual([drawn.info.width, drawn.info.height], [320, 240]);
      assert.ok(!drawn.data.equals(plain));
      assert.deepEqual(temporaryPictures(), []);
    });

    it("draws even if its temporary folder was removed", async () => {
      for (const name of readdirSync(temporary)) rmSync(join(temporary, name), { recursive: true });
      const response = await draw({ image: (await disc()).toString("base64"), segments });
      assert.equal(response.status, 200);
    });

    it("draws a JPEG by default", async () => {
      const response = await draw({
        image: (await disc()).toString("base64"),
        segments,
        prompts: [{ points: [{ x: 0.5, y: 0.5 }] }],
      });
      assert.equal(response.headers["content-type"], "image/jpeg");
      assert.equal((await sharp(response.data).metadata()).format, "jpeg");
    });

    it("draws the mask of segments without a picture", async () => {
      const response = await draw({ mask: { width: 320, height: 240 }, segments });
      assert.equal(response.headers["content-type"], "image/png");
      const pixels = sharp(response.data).toColourspace("b-w").raw();
      const { data, info } = await pixels.toBuffer({ resolveWithObject: true });
      assert.deepEqual([info.width, info.height, info.channels], [320, 240, 1]);
      assert.deepEqual([...new Set(data)].sort(), [0, 255]);
      const refused = async (body: object) => errorOf(await server.http.post("/draw", body), 400).message;
      assert.match(await refused({ mask: { width: 10_000, height: 6000 }, segments }), /mask: has more than 50000000/);
    });

    it("refuses bytes that are not a picture, both or none of the sources, and unknown files", async () => {
      const refused = async (body: object) => errorOf(await server.http.post("/draw", body), 400).message;
      assert.match(await refused({ image: "bm9uc2Vuc2U=", segments }), /JPEG|PNG/);
      assert.match(await refused({ segments }), /image, items and mask/);
      assert.match(await refused({ image: "x", items: [{ fileId: 1 }], segments }), /image, items and mask/);
      assert.match(await refused({ items: [{ fileId: 1 }], segments }), /File ids not found/);
      assert.deepEqual(temporaryPictures(), []);
    });
  });
});
