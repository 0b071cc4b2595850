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
    const files = await openFiles();
    for (let n = 0; n < count; n += 1) {
      const { id } = await files.create({ name: "a.png", mimeType: "image/png", externalId: String(n) }, false);
      await files.upload(id, Buffer.from(`picture ${n}`));
    }
    return files;
  };

  it("stops between two batches of files, and forgets only the removed ones", async () => {
    const files = await filled(120);
    const stop = new AbortController();
    const removal = files.remove(files.all(), stop.signal);
    stop.abort();
    await removal;
    assert.equal(files.all().length, 70);
    assert.deepEqual((await openFiles()).all().length, 70);
    await files.remove(files.all(), NEVER);
    assert.equal((await openFiles()).all().length, 0);
  });

  it("stops between two batches of pictures, and keeps pictures that came into use meanwhile", async () => {
    const files = await filled(120);
    const [used] = files.all().slice(-1);
    await files.remove(files.all(), NEVER);
    const stop = new AbortController();
    const removal = files.removeUnusedPictures(() => new Set(), stop.signal);
    stop.abort();
    await removal;
    const left = files.totalBytes;
    assert.ok(left > 0);
    assert.equal((await openFiles()).totalBytes, left);
    let rounds = 0;
    await files.removeUnusedPictures(() => new Set((rounds += 1) > 0 ? [used!.sha256!] : []), NEVER);
    assert.ok(rounds > 1);
    assert.equal(files.totalBytes, files.pictureBytes(used!.sha256!));
  });

  it("keeps a file that was replaced while others were removed", async () => {
    const files = await filled(60);
    const old = files.all();
    const removal = files.remove(old, NEVER);
    await files.create({ name: "b.png", mimeType: "image/png", externalId: "59" }, true);
    await removal;
    assert.deepEqual(
      files.all().map(({ name }) => name),
      ["b.png"],
    );
    assert.equal((await openFiles()).all().length, 1);
  });

  it("keeps a file that could not be removed", async () => {
    const files = await filled(1);
    const records = readdirSync(join(dir, "files"), { recursive: true, withFileTypes: true });
    const record = records.find((entry) => entry.isFile());
    const path = join(record!.parentPath, record!.name);
    rmSync(path);
    mkdirSync(path); // a folder can't be removed like a file
    await assert.rejects(files.remove(files.all(), NEVER));
    assert.ok(files.find({ externalId: "0" }));
  });

  it("stops between two batches of jobs, and removes the rest after the next start", async () => {
    const store = await openJobs();
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
      await store.add({ ...job, status: "Queued", errorMessage: null });
      await store.update(job);
    }
    const known = async (of: JobStore) => {
      const jobs = await Promise.all(jobIds.map((jobId) => of.get(jobId)));
      return jobs.filter((job) => job !== undefined).length;
    };
    const stop = new AbortController();
    const removal = store.removeEndedBefore(Date.now(), stop.signal);
    stop.abort();
    await removal;
    assert.equal(await known(store), 70);
    const again = await openJobs();
    assert.equal(await known(again), 70);
    await again.removeEndedBefore(HOUR_AGO, NEVER);
    assert.equal(await known(again), 70, "younger ones stay");
    await again.removeEndedBefore(Date.now(), NEVER);
    assert.equal(await known(again), 0);
    assert.equal(again.findByKey("120"), undefined);
  });
});
