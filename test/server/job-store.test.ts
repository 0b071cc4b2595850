import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { JobStore } from "../../src/server/job-store";
import type { StoredJob } from "../../src/server/stored-job";
import { removeDir, scratchDir } from "./support";

describe("the counts of a job store", () => {
  let dir: string;
  beforeEach(() => {
    dir = scratchDir();
  });
  afterEach(() => removeDir(dir));

  const job = (jobId: number, status: StoredJob["status"]): StoredJob => ({
    jobId,
    status,
    createdTime: jobId,
    startTime: null,
    statusTime: jobId,
    errorMessage: null,
    fileId: 1,
    prompt: {},
    attempts: 0,
  });

  it("follow jobs from start to end", async () => {
    const store = await JobStore.open(dir);
    assert.deepEqual(store.counts(), { queued: 0, running: 0 });
    const added = store.add(job(1, "Queued"));
    assert.deepEqual(store.counts(), { queued: 1, running: 0 }, "before the job is on the disk");
    await added;
    for (const jobId of [2, 3]) await store.add(job(jobId, "Queued"));
    for (const jobId of [1, 2]) await store.update(job(jobId, "Running"));
    assert.deepEqual(store.counts(), { queued: 1, running: 2 });
    await store.update(job(1, "Completed"));
    await store.update(job(2, "Queued"));
    assert.deepEqual(store.counts(), { queued: 2, running: 0 });
    await store.update(job(2, "Failed"));
    assert.deepEqual(store.counts(), { queued: 1, running: 0 });
  });

  it("are right after a restart: jobs that were running are queued, ended ones are not counted", async () => {
    const store = await JobStore.open(dir);
    for (const jobId of [1, 2, 3, 4]) await store.add(job(jobId, "Queued"));
    await store.update(job(1, "Running"));
    await store.update(job(2, "Completed"));
    await store.update(job(3, "Failed"));
    const again = await JobStore.open(dir);
    assert.deepEqual(again.counts(), { queued: 2, running: 0 });
    await again.removeEndedBefore(Date.now(), new AbortController().signal);
    assert.deepEqual(again.counts(), { queued: 2, running: 0 });
  });

  it("leave out a job that ended but could not be written", async () => {
    const store = await JobStore.open(dir);
    await store.add(job(1, "Queued"));
    removeDir(dir);
    writeFileSync(dir, "a file where the folder was");
    await assert.rejects(store.update(job(1, "Completed")));
    assert.equal((await store.get(1))?.status, "Completed");
    assert.deepEqual(store.counts(), { queued: 0, running: 0 });
  });
});
