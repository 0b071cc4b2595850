import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { cut, json, type Fault } from "../support/scripted-service";
import { clientOf, closeAll, extendedService, rejection, REQUEST } from "./setup";

const BYIDS = /^POST .*\/byids$/;
const POLL = /^GET .*\/segment\/\d+$/;

describe("client: waiting by one long request", () => {
  afterEach(closeAll);

  it("gives each wait its job's own result with at most two polls a job", async () => {
    const service = await extendedService();
    const client = clientOf(service);
    service.onStart = ({ jobId }) => void setTimeout(() => service.finish(jobId, { mark: jobId }), 150);
    const jobs = await Promise.all(
      Array.from({ length: 24 }, async (_, index) => {
        await sleep(index * 15);
        const { jobId } = await client.startJob(REQUEST);
        const job = await client.waiter.wait(jobId);
        return [jobId, job["mark"], job.status];
      }),
    );
    for (const [jobId, mark, status] of jobs) assert.deepEqual([mark, status], [jobId, "Completed"]);
    assert.ok(service.count(BYIDS) <= 2.1 * 24, `${service.count(BYIDS)} polls`);
    assert.equal(service.count(POLL), 0);
  });

  it("needs few polls for jobs that are started together", async () => {
    const service = await extendedService();
    const client = clientOf(service);
    const ids = await Promise.all(Array.from({ length: 24 }, () => client.startJob(REQUEST).then((job) => job.jobId)));
    const waits = ids.map((id) => client.waiter.wait(id));
    await sleep(100);
    assert.equal(service.count(BYIDS), 1);
    assert.equal((JSON.parse(service.requests.at(-1)!.body.toString()) as { jobIds: [] }).jobIds.length, 24);
    ids.forEach((id) => service.finish(id));
    await Promise.all(waits);
    assert.ok(service.count(BYIDS) <= 3);
  });

  it("holds the poll outside the limit of requests in flight", async () => {
    const service = await extendedService();
    const client = clientOf(service, { concurrency: 1 });
    const first = await client.startJob(REQUEST);
    const wait = client.waiter.wait(first.jobId);
    await sleep(50);
    await client.startJob(REQUEST);
    service.finish(first.jobId);
    await wait;
  });

  it("gives the result of a job that has ended while others keep joining", async () => {
    const service = await extendedService();
    const client = clientOf(service);
    const { jobId } = await client.startJob(REQUEST);
    service.finish(jobId);
    const late: Fault = (seen, response) => {
      const respond = json(200, { items: [...service.jobs.values()] }, { "preference-applied": "wait" });
      setTimeout(() => respond(seen, response), 20);
    };
    service.fail(BYIDS, ...Array.from({ length: 1000 }, () => late));

    const wait = client.waiter.wait(jobId, { timeoutMs: 3000 });
    const join = (): void => void client.waiter.wait(service.addJob()).catch(() => undefined);
    const joining = setInterval(join, 4);
    const { status } = await wait.finally(() => clearInterval(joining));
    assert.equal(status, "Completed");
  });

  it("asks again when the server's patience ends before the job", async () => {
    const service = await extendedService();
    const client = clientOf(service, { delays: { holdSeconds: 1 } });
    const { jobId } = await client.startJob(REQUEST);
    const polls: string[] = [];
    setTimeout(() => service.finish(jobId), 1300);
    await client.waiter.wait(jobId, { onPoll: ({ status }) => polls.push(status) });
    assert.deepEqual(polls, ["Queued", "Completed"]);
    assert.equal(service.count(BYIDS), 2);
  });

  it("finds the extension by itself in a client that has started nothing", async () => {
    const service = await extendedService();
    const ids = [service.addJob(), service.addJob()];
    const client = clientOf(service);
    const waits = ids.map((id) => client.waiter.wait(id));
    while (service.count(BYIDS) === 0) await sleep(5);
    ids.forEach((id) => service.finish(id));
    await Promise.all(waits);
    assert.ok(service.count(POLL) <= 2);
  });

  it("says of each unknown job that it is unknown, and gives the others", async () => {
    const service = await extendedService();
    const client = clientOf(service);
    const { jobId } = await client.startJob(REQUEST);
    const waits = [client.waiter.wait(jobId), client.waiter.wait(1), client.waiter.wait(2)];
    await rejection(waits[1]!, "job-not-found");
    await rejection(waits[2]!, "job-not-found");
    service.finish(jobId);
    assert.equal((await waits[0]!).jobId, jobId);
  });

  it("fails all its jobs when the shared poll fails, after the retries", async () => {
    const service = await extendedService();
    const client = clientOf(service, { retries: 2 });
    const ids = [await client.startJob(REQUEST), await client.startJob(REQUEST)].map(({ jobId }) => jobId);
    // The first one comes on a connection that was used before: its reset does not use up a retry.
    service.fail(BYIDS, cut, cut, cut, cut);
    const waits = ids.map((id) => client.waiter.wait(id));
    for (const wait of waits) await rejection(wait, "unreachable");
    assert.equal(service.count(BYIDS), 4);
  });

  it("survives a failure that the retries overcome", async () => {
    const service = await extendedService();
    const client = clientOf(service);
    const { jobId } = await client.startJob(REQUEST);
    service.fail(BYIDS, cut, json(503, {}), json(429, {}, { "retry-after": "0" }));
    setTimeout(() => service.finish(jobId), 50);
    await client.waiter.wait(jobId);
  });

  for (const status of [400, 404, 405, 410]) {
    it(`falls back to polls of single jobs for good when the service answers ${status}`, async () => {
      const service = await extendedService();
      const client = clientOf(service);
      const { jobId } = await client.startJob(REQUEST);
      service.fail(BYIDS, json(status, {}));
      const wait = client.waiter.wait(jobId);
      while (service.count(POLL) < 2) await sleep(5);
      service.finish(jobId);
      await wait;
      const next = await client.startJob(REQUEST);
      service.finish(next.jobId);
      await client.waiter.wait(next.jobId);
      assert.equal(service.count(BYIDS), 1);
    });
  }

  it("falls back when the poll returns at once without a job that has ended", async () => {
    const service = await extendedService();
    const client = clientOf(service);
    const { jobId } = await client.startJob(REQUEST);
    service.fail(BYIDS, json(200, { items: [{ jobId, status: "Queued" }] }));
    setTimeout(() => service.finish(jobId), 100);
    await client.waiter.wait(jobId);
    assert.equal(service.count(BYIDS), 1);
    assert.ok(service.count(POLL) > 0);
  });

  it("does not spin on a service that claims to hold polls but responds at once", async () => {
    const service = await extendedService();
    const client = clientOf(service);
    const { jobId } = await client.startJob(REQUEST);
    const eager = json(200, { items: [{ jobId, status: "Queued" }] }, { "preference-applied": "wait" });
    service.fail(BYIDS, ...Array.from({ length: 50 }, () => eager));
    await rejection(client.waiter.wait(jobId, { timeoutMs: 500 }), "timed-out");
    assert.equal(service.count(BYIDS), 1);
  });

  it("lets more than 1000 jobs have their turn", async () => {
    const service = await extendedService();
    const ids = Array.from({ length: 1100 }, () => service.addJob());
    const client = clientOf(service, { delays: { holdSeconds: 1 } });
    await client.startJob(REQUEST);
    const waits = ids.map((id) => client.waiter.wait(id));
    service.finish(ids.at(-1)!);
    await waits.at(-1)!;
    for (const id of ids) service.finish(id);
    await Promise.all(waits);
    for (const { path, body } of service.requests) {
      if (!path.endsWith("byids")) continue;
      assert.ok((JSON.parse(body.toString()) as { jobIds: number[] }).jobIds.length <= 1000);
    }
  });
});
