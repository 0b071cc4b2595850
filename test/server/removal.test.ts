import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FileStore } from "../../src/server/file-store";
import { JobStore } from "../../src/server/job-store";
import { removeDir, scratchDir } from "./support";

const NEVER = new AbortController().signal;
const HOUR_AGO = Date.now() - 3_600_000;

describe("the removal of many files and jobs", function () {
  this.timeout(60_000);
  let dir: string;
  beforeEach(() => {
    dir = scratchDir();
  });
  afterEach(() => removeDir(dir));

  const openFiles = () => FileStore.open(join(dir, "files"), join(dir, "pictures"));
  const openJobs = () => JobStore.open(join(dir, "jobs"));
  const filled = async (count: number) => {
    const catalog = await openFiles();
    for (let n = 0; n < count; n += 1) {
      const { id } = await catalog.create({ name: "a.png", mimeType: "image/png", externalId: String(n) }, false);
      await catalog.upload(id, Buffer.from(`picture ${n}`));
    }
    return catalog;
  };

  it("stops between two batches of files, and forgets only what it has removed", async () => {
    const catalog = await filled(120);
    const stop = new AbortController();
    const removal = catalog.remove(catalog.all(), stop.signal);
    stop.abort();
    await removal;
    assert.equal(catalog.all().length, 70);
    assert.deepEqual((await openFiles()).all().length, 70);
    await catalog.remove(catalog.all(), NEVER);
    assert.equal((await openFiles()).all().length, 0);
  });

  it("stops between two batches of pictures, and keeps those that came into use meanwhile", async () => {
    const catalog = await filled(120);
    const [used] = catalog.all().slice(-1);
    await catalog.remove(catalog.all(), NEVER);
    const stop = new AbortController();
    const removal = catalog.removeUnusedPictures(() => new Set(), stop.signal);
    stop.abort();
    await removal;
    const left = catalog.totalBytes;
    assert.ok(left > 0);
    assert.equal((await openFiles()).totalBytes, left);
    let rounds = 0;
    await catalog.removeUnusedPictures(() => new Set((rounds += 1) > 0 ? [used!.sha256!] : []), NEVER);
    assert.ok(rounds > 1);
    assert.equal(catalog.totalBytes, catalog.pictureBytes(used!.sha256!));
  });

  it("leaves a file alone that was given another picture while others were removed", async () => {
    const catalog = await filled(60);
    const old = catalog.all();
    const removal = catalog.remove(old, NEVER);
    await catalog.create({ name: "b.png", mimeType: "image/png", externalId: "59" }, true);
    await removal;
    assert.deepEqual(
      catalog.all().map(({ name }) => name),
      ["b.png"],
    );
    assert.equal((await openFiles()).all().length, 1);
  });

  it("still knows a file that could not be removed", async () => {
    const catalog = await filled(1);
    const records = readdirSync(join(dir, "files"), { recursive: true, withFileTypes: true });
    const record = records.find((entry) => entry.isFile());
    const path = join(record!.parentPath, record!.name);
    rmSync(path);
    mkdirSync(path); // a folder can't be removed as a file
    await assert.rejects(catalog.remove(catalog.all(), NEVER));
    assert.ok(catalog.find({ externalId: "0" }));
  });

  it("stops between two batches of jobs, and removes the rest at the next start", async () => {
    const book = await openJobs();
    const jobIds = Array.from({ length: 120 }, (_, n) => n + 1);
    for (const jobId of jobIds) {
      const job = {
        jobId,
        status: "Failed" as const,
        createdTime: HOUR_AGO,
        startTime: null,
        statusTime: HOUR_AGO,
        errorMessage: "a failure",
        fileId: 1,
        prompt: {},
        attempts: 0,
        idempotency: { key: String(jobId), bodyHash: "" },
      };
      await book.add({ ...job, status: "Queued", errorMessage: null });
      await book.update(job);
    }
    const known = async (of: JobStore) => {
      const jobs = await Promise.all(jobIds.map((jobId) => of.get(jobId)));
      return jobs.filter((job) => job !== undefined).length;
    };
    const stop = new AbortController();
    const removal = book.removeEndedBefore(Date.now(), stop.signal);
    stop.abort();
    await removal;
    assert.equal(await known(book), 70);
    const again = await openJobs();
    assert.equal(await known(again), 70);
    await again.removeEndedBefore(HOUR_AGO, NEVER);
    assert.equal(await known(again), 70, "younger ones stay");
    await again.removeEndedBefore(Date.now(), NEVER);
    assert.equal(await known(again), 0);
    assert.equal(again.findByKey("120"), undefined);
  });
});
