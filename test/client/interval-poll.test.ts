import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "../../src/api";
import { json } from "../support/scripted-service";
import { clientOf, closeAll, extendedService, rejection, REQUEST, startService } from "./setup";

const BYIDS = /^POST .*\/byids$/;
const POLL = /^GET .*\/segment\/\d+$/;

describe("client: waiting by polls of single jobs", () => {
  afterEach(closeAll);

  it("polls until the job has ended and reports each state", async () => {
    const service = await startService();
    const client = clientOf(service);
    const { jobId } = await client.startJob(REQUEST);
    const polls: string[] = [];
    const onLook = ({ status }: Job): void => {
      polls.push(status);
      if (polls.length === 3) service.finish(jobId, { status: "Failed", errorMessage: "no such picture" });
    };
    const job = await client.waiter.wait(jobId, { onPoll: onLook });
    assert.equal(job.status, "Failed");
    assert.deepEqual(polls, ["Queued", "Queued", "Queued", "Failed"]);
  });

  it("takes an unknown status for not finished", async () => {
    const service = await startService();
    const jobId = service.addJob();
    service.jobs.get(jobId)!.status = "Distributed";
    const error = await rejection(clientOf(service).waiter.wait(jobId, { timeoutMs: 100 }), "timed-out");
    assert.match(error.message, /last status: Distributed/);
  });

  it("polls with at most half of the concurrency at once", async () => {
    const service = await startService();
    const client = clientOf(service, { concurrency: 5 });
    let open = 0;
    let most = 0;
    for (let index = 0; index < 40; index++) {
      service.fail(POLL, (request, response) => {
        most = Math.max(most, ++open);
        setTimeout(() => {
          open--;
          json(200, { jobId: Number(request.path.split("/").at(-1)), status: "Completed" })(request, response);
        }, 10);
      });
    }
    await Promise.all(Array.from({ length: 40 }, (_, index) => client.waiter.wait(index + 1)));
    assert.equal(most, 2);
  });

  it("never polls sooner than Retry-After, also of a good response", async () => {
    const service = await startService();
    const client = clientOf(service);
    const { jobId } = await client.startJob(REQUEST);
    service.fail(POLL, json(200, { jobId, status: "Queued" }, { "retry-after": "60" }));
    await rejection(client.waiter.wait(jobId, { timeoutMs: 300 }), "timed-out");
    assert.equal(service.count(POLL), 1);
  });

  it("is not brought to spin by a Retry-After that no timer can hold", async () => {
    const service = await startService();
    const client = clientOf(service);
    const { jobId } = await client.startJob(REQUEST);
    service.fail(POLL, json(200, { jobId, status: "Queued" }, { "retry-after": "99999999" }));
    await rejection(client.waiter.wait(jobId, { timeoutMs: 200 }), "timed-out");
    assert.equal(service.count(POLL), 1);
  });

  it("refuses the response for another job", async () => {
    const service = await startService();
    service.fail(POLL, json(200, { jobId: 6, status: "Completed", items: [] }));
    const error = await rejection(clientOf(service).waiter.wait(5), "bad-answer");
    assert.match(error.message, /job 5 and answered 6/);
  });

  it("shares the polls of several waits for one job, and ends each by itself", async () => {
    const service = await startService();
    const client = clientOf(service, { delays: { firstPollMs: 50 } });
    const { jobId } = await client.startJob(REQUEST);
    const stop = new AbortController();
    const waits = [client.waiter.wait(jobId), client.waiter.wait(jobId)];
    const cancelled = client.waiter.wait(jobId, { signal: stop.signal });
    const late = client.waiter.wait(jobId, { timeoutMs: 5 });
    stop.abort();
    await rejection(cancelled, "cancelled");
    await rejection(late, "timed-out");
    service.finish(jobId);
    const [first, second] = await Promise.all(waits);
    assert.deepEqual(first, second);
    assert.notEqual(first, second); // a flow may write into the one that it gets
    assert.equal(service.count(POLL), 1);
  });

  it("says that a job is unknown", async () => {
    const service = await startService();
    await rejection(clientOf(service).waiter.wait(4), "job-not-found");
    assert.equal(service.requests.length, 1);
  });

  it("stops looking when nobody waits any more", async () => {
    const service = await startService();
    const client = clientOf(service);
    const { jobId } = await client.startJob(REQUEST);
    await rejection(client.waiter.wait(jobId, { timeoutMs: 40 }), "timed-out");
    await sleep(50); // a poll may have been on its way
    const polls = service.count(POLL);
    await sleep(100);
    assert.equal(service.count(POLL), polls);
  });

  it("changes to the long request when the service begins to offer it", async () => {
    const service = await startService();
    const client = clientOf(service);
    const { jobId } = await client.startJob(REQUEST);
    const wait = client.waiter.wait(jobId);
    service.extensions = "byids";
    await client.startJob(REQUEST);
    while (service.count(BYIDS) === 0) await sleep(5);
    const polls = service.count(POLL);
    await sleep(50);
    assert.equal(service.count(POLL), polls);
    service.finish(jobId);
    await wait;
  });

  it("cancels all waits at close", async () => {
    for (const service of [await startService(), await extendedService()]) {
      const client = clientOf(service);
      const { jobId } = await client.startJob(REQUEST);
      const waits = [client.waiter.wait(jobId), client.waiter.wait(jobId), client.waiter.wait(jobId + 1)];
      client.close();
      for (const wait of waits) await rejection(wait, "cancelled");
      await rejection(client.waiter.wait(jobId), "cancelled");
    }
  });

  it("hands an error of its listener to that wait alone", async () => {
    const service = await startService();
    const client = clientOf(service);
    const { jobId } = await client.startJob(REQUEST);
    const onLook = (): never => {
      throw new Error("listener broke");
    };
    const waits = [client.waiter.wait(jobId, { onPoll: onLook }), client.waiter.wait(jobId)];
    await assert.rejects(waits[0]!, /listener broke/);
    service.finish(jobId);
    await waits[1];
  });

  it("takes a time-out longer than a timer can hold", async () => {
    const service = await startService();
    const client = clientOf(service);
    const { jobId } = await client.startJob(REQUEST);
    setTimeout(() => service.finish(jobId), 50);
    await client.waiter.wait(jobId, { timeoutMs: 2 ** 40 });
  });
});
