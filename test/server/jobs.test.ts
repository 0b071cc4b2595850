import assert from "node:assert/strict";
import { startedJobSchema, jobsSchema, jobSchema, type Job } from "../../src/api";
import { disc, errorOf, MIDDLE, SEGMENT, TestServer } from "./support";

describe("jobs of the server", function () {
  this.timeout(60_000);
  let server: TestServer;
  before(async () => {
    server = await TestServer.start({ maxQueued: 3 });
  });
  after(() => server.close());

  const wait = (seconds: number) => ({ headers: { prefer: `wait=${seconds}` } });
  const byIds = async (jobIds: number[], seconds: number) => {
    const response = await server.http.post(`${SEGMENT}/byids`, { jobIds }, wait(seconds));
    assert.equal(response.headers["preference-applied"], "wait");
    return jobsSchema.parse(response.data).items;
  };

  it("byids responds as soon as any job has ended, with that job, and at once when one has ended already", async () => {
    const first = await server.start(await server.upload(await disc(10)));
    const second = await server.start(await server.upload(await disc(20)));
    const ids = [second.jobId, first.jobId];
    const statusesOf = (jobs: Job[]) => jobs.map(({ jobId, status }) => [jobId, status]);
    assert.deepEqual(statusesOf(await byIds(ids, 50)), [[first.jobId, "Completed"]], "first in, first out");
    // The first has ended, so this must respond at once: otherwise the test times out.
    await byIds(ids, 59);
    assert.equal((await server.ended(second.jobId)).status, "Completed");
    assert.deepEqual(statusesOf(await byIds(ids, 0)), [
      [second.jobId, "Completed"],
      [first.jobId, "Completed"],
    ]);
  });

  it("responds with the unfinished state when the wait is over, and at once for an unknown job", async () => {
    const { jobId } = await server.start(await server.upload(await disc(30)));
    const response = await server.http.get(`${SEGMENT}/${jobId}`, wait(0));
    assert.equal(response.headers["preference-applied"], "wait");
    assert.ok(["Queued", "Running"].includes(jobSchema.parse(response.data).status));
    assert.deepEqual(await byIds([5], 59), []);
    await byIds([jobId, 5], 59);
    await server.ended(jobId);
  });

  it("a client that disconnects while it waits does not affect the job", async () => {
    const { jobId } = await server.start(await server.upload(await disc(40)));
    const controller = new AbortController();
    const gone = server.http.get(`${SEGMENT}/${jobId}`, { ...wait(50), signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await assert.rejects(gone);
    assert.equal((await server.ended(jobId)).status, "Completed");
  });

  it("the same Idempotency-Key gets the first job, also in concurrent requests, but not with another body", async () => {
    const fileId = await server.upload(await disc(50));
    const body = { items: [{ fileId }], ...MIDDLE };
    const post = (data: object, key = "one") =>
      server.http.post(SEGMENT, data, { headers: { "idempotency-key": key } });
    const responses = await Promise.all([post(body), post(body), post(body)]);
    const ids = new Set(responses.map((response) => startedJobSchema.parse(response.data).jobId));
    assert.equal(ids.size, 1);
    const [jobId] = ids;
    await server.ended(jobId!);
    assert.equal(startedJobSchema.parse((await post(body)).data).jobId, jobId);
    assert.match(errorOf(await post({ ...body, points: [{ x: 0.1, y: 0.1 }] }), 422).message, /Idempotency-Key/);
    const other = startedJobSchema.parse((await post(body, "two")).data);
    assert.notEqual(other.jobId, jobId);
    errorOf(await post(body, "x".repeat(256)), 400);
    await server.ended(other.jobId);
  });

  it("responds 429 with Retry-After when the queue is full, and accepts jobs again later", async () => {
    const fileIds = await Promise.all([60, 70, 80, 90, 100, 110, 120].map(async (n) => server.upload(await disc(n))));
    const responses = await Promise.all(
      fileIds.map((fileId) => server.http.post(SEGMENT, { items: [{ fileId }], ...MIDDLE })),
    );
    const refused = responses.filter(({ status }) => status !== 200);
    assert.ok(refused.length >= 3, "one is running and three are queued");
    for (const response of refused) {
      errorOf(response, 429);
      assert.ok(Number(response.headers["retry-after"]) > 0);
    }
    for (const response of responses.filter(({ status }) => status === 200)) {
      assert.equal((await server.ended(startedJobSchema.parse(response.data).jobId)).status, "Completed");
    }
    const later = await server.start(fileIds[0]!);
    assert.equal((await server.ended(later.jobId)).status, "Completed");
  });

  it("a prompt with only background points completes without segments", async () => {
    const { jobId } = await server.start(await server.upload(await disc()), { points: [{ x: 0.1, y: 0.1, label: 0 }] });
    const job = await server.ended(jobId);
    assert.equal(job.status, "Completed");
    assert.deepEqual(job.items?.[0]?.segments, []);
  });
});
