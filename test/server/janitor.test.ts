import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { fileRecordsSchema } from "../../src/api";
import { installToySam } from "../support/sam-folder";
import { disc, FILES, scratchDir, SEGMENT, TestServer } from "./support";

/** `keepHours` so short that everything from before the server started is too old. */
const NO_TIME = 1e-9;

describe("what the server keeps", function () {
  this.timeout(60_000);

  const fileIds = async (server: TestServer, ids: number[]) => {
    const items = ids.map((id) => ({ id }));
    const response = await server.http.post(`${FILES}/byids`, { items, ignoreUnknownIds: true });
    return fileRecordsSchema.parse(response.data).items.map(({ id }) => id);
  };
  /** Polls until the condition holds: the server tidies up in the background. */
  const eventually = async (condition: () => Promise<boolean>) => {
    for (let round = 0; round < 200; round += 1) {
      if (await condition()) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    assert.fail("the condition did not become true");
  };

  it("removes the oldest files beyond keepMegabytes, but never the newest or those of unfinished jobs", async () => {
    const sizes = (await Promise.all([1, 2, 3, 4].map((n) => disc(n)))).map(({ length }) => length);
    // Room for two pictures.
    const server = await TestServer.start({ keepMegabytes: (Math.max(...sizes) * 2.5) / 1e6 });
    const used = await server.upload(await disc(1));
    const { jobId } = await server.start(used);
    const ids = [used];
    for (const n of [2, 3, 4]) ids.push(await server.upload(await disc(n)));
    await eventually(async () => (await fileIds(server, ids)).length <= 2);
    const kept = await fileIds(server, ids);
    assert.ok(kept.includes(ids[3]!), "the newest stays");
    assert.equal((await server.ended(jobId)).status, "Completed");
    await server.close();
  });

  it("keeps a new picture after the clock was set back, and removes those dated in the future instead", async () => {
    const sizes = (await Promise.all([1, 2, 3].map((n) => disc(n)))).map(({ length }) => length);
    const server = await TestServer.start({ keepMegabytes: (Math.max(...sizes) * 1.5) / 1e6 });
    const now = Date.now;
    const future: number[] = [];
    Date.now = () => now() + 2 * 3_600_000;
    try {
      for (const n of [1, 2]) future.push(await server.upload(await disc(n)));
    } finally {
      Date.now = now;
    }
    const fileId = await server.upload(await disc(3));
    await eventually(async () => (await fileIds(server, future)).length === 0);
    const { jobId } = await server.start(fileId);
    assert.equal((await server.ended(jobId)).status, "Completed");
    await server.close();
  });

  it("removes jobs and files older than keepHours when it starts, and keeps younger ones", async () => {
    const first = await TestServer.start();
    const fileId = await first.upload(await disc());
    const { jobId } = await first.start(fileId);
    await first.ended(jobId);
    await first.close({ keepData: true });

    const second = await TestServer.start({ dataDir: first.dataDir });
    assert.equal((await second.ended(jobId)).status, "Completed", "a job of the previous process is still there");
    assert.deepEqual(await fileIds(second, [fileId]), [fileId]);
    await second.close({ keepData: true });

    const third = await TestServer.start({ dataDir: first.dataDir, keepHours: NO_TIME });
    await eventually(async () => (await third.http.get(`${SEGMENT}/${jobId}`)).status === 404);
    await eventually(async () => (await fileIds(third, [fileId])).length === 0);
    await third.close();
  });

  it("removes embeddings before pictures, the ones used longest ago first, and those of deleted pictures", async () => {
    const dataDir = scratchDir();
    installToySam(dataDir);
    // Room for two embeddings of 4.2 MB.
    const server = await TestServer.start({ dataDir, keepMegabytes: 10 });
    const dir = join(dataDir, "embeddings");
    /** The pictures (sha256) of the completely written embeddings. */
    const embeddings = (): string[] =>
      existsSync(dir) ? readdirSync(dir).flatMap((name) => (name.endsWith(".tmp") ? [] : name.slice(0, 64))) : [];
    const keptAre = async (wanted: string[]) =>
      eventually(() => Promise.resolve(embeddings().sort().join() === [...wanted].sort().join()));
    const remove = (fileId: number) => server.http.post(`${FILES}/delete`, { items: [{ id: fileId }] });

    const ids: number[] = [];
    const pictures: string[] = [];
    for (const n of [1, 2, 3]) {
      const bytes = await disc(n);
      pictures.push(createHash("sha256").update(bytes).digest("hex"));
      ids.push(await server.upload(bytes));
      // The embedding is stored from the second prompt on.
      for (let prompt = 0; prompt < 2; prompt += 1) {
        assert.equal((await server.ended((await server.start(ids.at(-1)!)).jobId)).status, "Completed");
      }
      await eventually(() => Promise.resolve(embeddings().length === n));
    }
    await remove(await server.upload(await disc(4)));
    await keptAre(pictures.slice(1));
    assert.deepEqual(await fileIds(server, ids), ids, "no picture was removed");

    await remove(ids[2]!);
    await keptAre([pictures[1]!]);

    const noise = sharp(randomBytes(1600 * 1500 * 3), { raw: { width: 1600, height: 1500, channels: 3 } });
    ids[2] = await server.upload(await noise.png({ compressionLevel: 0 }).toBuffer(), { mimeType: "image/png" });
    for (let uploads = 0; uploads < 16; uploads += 1) await server.upload(await disc(5));
    await keptAre([]);
    assert.deepEqual(await fileIds(server, ids), ids, "no picture was removed");
    await server.close();
  });
});
