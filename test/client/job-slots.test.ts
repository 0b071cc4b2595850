import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { SegmentRequest } from "../../src/api";
import { json } from "../support/scripted-service";
import { clientOf, closeAll, extendedService, rejection, REQUEST, startService } from "./setup";

const START = /^POST .*\/segment$/;
const POLL = /^GET .*\/segment\/\d+$/;
const requestFor = (fileId: number): SegmentRequest => ({ ...REQUEST, items: [{ fileId }] });

describe("client: the limit of unfinished jobs", () => {
  afterEach(closeAll);

  for (const start of [startService, extendedService]) {
    it(`holds further starts back, in order, until jobs have ended (${start.name})`, async () => {
      const service = await start();
      const client = clientOf(service, { maxJobs: 2 });
      const started: number[] = [];
      const starts = [1, 2, 3, 4].map(async (fileId) => {
        const { jobId } = await client.startJob(requestFor(fileId));
        started.push(fileId);
        return jobId;
      });
      const [first, second] = [await starts[0]!, await starts[1]!];
      await sleep(60);
      assert.equal(service.count(START), 2);
      service.finish(second);
      await starts[2];
      await sleep(60);
      assert.deepEqual(started, [1, 2, 3]);
      service.finish(first, { status: "Failed" });
      await starts[3];
      assert.deepEqual(started, [1, 2, 3, 4]);
    });
  }

  it("shares its polls with the waits for the job", async () => {
    const service = await startService();
    const client = clientOf(service, { maxJobs: 1, delays: { firstPollMs: 50 } });
    const { jobId } = await client.startJob(REQUEST);
    service.finish(jobId);
    const job = await client.waiter.wait(jobId);
    assert.equal(job.status, "Completed");
    await client.startJob(REQUEST);
    assert.equal(service.count(POLL), 1);
  });

  it("frees the slot of a job that could not be started, or that the service has lost", async () => {
    const service = await startService();
    const client = clientOf(service, { maxJobs: 1 });
    service.fail(START, json(400, { error: { code: 400, message: "bad" } }));
    await rejection(client.startJob(REQUEST), "invalid-prompt");
    const { jobId } = await client.startJob(REQUEST);
    service.jobs.delete(jobId);
    await client.startJob(REQUEST);
    assert.equal(service.count(START), 3);
  });

  it("lets go of starts that are cancelled or closed while they are held back", async () => {
    const service = await startService();
    const client = clientOf(service, { maxJobs: 1 });
    const { jobId } = await client.startJob(REQUEST);
    const stop = new AbortController();
    const cancelled = client.startJob(REQUEST, { signal: stop.signal });
    const next = client.startJob(REQUEST);
    stop.abort();
    await rejection(cancelled, "cancelled");
    await rejection(client.startJob(REQUEST, { signal: AbortSignal.abort() }), "cancelled");
    service.finish(jobId);
    await next;
    const closed = client.startJob(REQUEST);
    client.close();
    await rejection(closed, "cancelled");
    await rejection(client.startJob(REQUEST), "cancelled");
    assert.equal(service.count(START), 2);
  });

  it("does not count jobs at all without a limit", async () => {
    const service = await startService();
    const client = clientOf(service);
    await Promise.all(Array.from({ length: 40 }, () => client.startJob(REQUEST)));
    await sleep(30);
    assert.equal(service.count(START), 40);
    assert.equal(service.count(POLL), 0);
  });
});
