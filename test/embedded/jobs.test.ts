import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SegmentError, startedJobSchema, type StartedJob } from "../../src/api";
import type { EmbeddedServer } from "../../src/embedded";
import { jobFailure, jobTimings, type SegmentClient } from "../../src/client";
import { acquire, clientOf, closeAll, scratchFolder } from "./setup";

const PICTURE = readFileSync(join(__dirname, "../../pictures/coins.jpg"));
const ONE_COIN = { points: [{ x: 0.5, y: 0.5 }] };

describe("client on the embedded server", function () {
  this.timeout(120_000);
  let client: SegmentClient;
  let pids: () => number[];
  let server: EmbeddedServer;

  before(() => {
    const embedded = acquire(scratchFolder());
    ({ pids, server } = embedded);
    client = clientOf(embedded.server);
  });
  after(closeAll);

  const upload = (bytes: Buffer = PICTURE): Promise<number> =>
    client.upload({ bytes, mimeType: "image/jpeg", name: "coins.jpg" }).then((file) => file.id);

  it("uploads, segments, draws, downloads and deletes", async () => {
    const fileId = await upload();
    const started = await client.startJob({ items: [{ fileId }], ...ONE_COIN });
    assert.deepEqual(started.points, ONE_COIN.points);
    const job = await client.waiter.wait(started.jobId, { timeoutMs: 60_000 });
    assert.equal(jobFailure(job), undefined);
    assert.deepEqual(job.prompt?.points, ONE_COIN.points);
    const segments = job.items?.[0]?.segments ?? [];
    assert.ok((segments[0]?.polygons[0]?.vertices.length ?? 0) >= 3);
    const { queuedMs, runningMs, totalMs } = jobTimings(job);
    assert.equal(totalMs, (queuedMs ?? 0) + (runningMs ?? 0));
    const drawn = await client.draw({ items: [{ fileId }], segments, format: "png" });
    assert.equal(drawn.toString("latin1", 1, 4), "PNG");
    assert.deepEqual(await client.downloadFile({ id: fileId }), PICTURE);
    await client.deleteFiles([{ id: fileId }]);
    await assert.rejects(client.deleteFiles([{ id: fileId }]), { code: "file-not-found" });
    await assert.rejects(client.downloadFile({ id: fileId }), { code: "file-not-found" });
  });

  it("starts one job for one idempotency key", async () => {
    const { url, token } = await server.endpoint(AbortSignal.timeout(60_000));
    const body = JSON.stringify({ items: [{ fileId: await upload() }], ...ONE_COIN });
    const start = async (): Promise<StartedJob> => {
      const headers = {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "idempotency-key": "camera-1/7",
      };
      const route = `${url}/api/v1/projects/default/context/vision/segment`;
      const response = await fetch(route, { method: "POST", headers, body });
      return startedJobSchema.parse(await response.json());
    };
    const [first, second] = await Promise.all([start(), start()]);
    assert.equal(first.jobId, second.jobId);
    await client.waiter.wait(first.jobId, { timeoutMs: 60_000 });
  });

  it("gives the error code for an unknown file, an unknown job and a prompt that is refused", async () => {
    const fileId = await upload();
    const code = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => "none",
        (error: unknown) => (error instanceof SegmentError ? error.code : String(error)),
      );
    assert.equal(await code(client.startJob({ items: [{ fileId: 4 }], ...ONE_COIN })), "file-not-found");
    assert.equal(await code(client.startJob({ items: [{ fileExternalId: "17" }], ...ONE_COIN })), "file-not-found");
    assert.equal(await code(client.startJob({ items: [{ fileId }], points: [{ x: 2, y: 0 }] })), "invalid-prompt");
    assert.equal(await code(client.getJob(4)), "job-not-found");
    assert.equal(await code(client.waiter.wait(4)), "job-not-found");
    const tooLarge = Buffer.alloc(70 * 2 ** 20);
    assert.equal(await code(upload(tooLarge)), "invalid-image");
  });

  it("reports a bad picture as a failed job with a reason", async () => {
    const { jobId } = await client.startJob({ items: [{ fileId: await upload(Buffer.from("GIF89a")) }], ...ONE_COIN });
    const job = await client.waiter.wait(jobId, { timeoutMs: 60_000 });
    assert.equal(job.status, "Failed");
    assert.match(jobFailure(job)?.message ?? "", /./);
  });

  it("loses no wait when the server is killed", async () => {
    const fileId = await upload();
    const prompts = Array.from({ length: 12 }, (_, index) => ({ points: [{ x: (index + 0.5) / 12, y: 0.5 }] }));
    const started = await Promise.all(prompts.map((prompt) => client.startJob({ items: [{ fileId }], ...prompt })));
    const waits = started.map(({ jobId }) => client.waiter.wait(jobId, { timeoutMs: 100_000 }));
    await sleep(300);
    process.kill(pids().at(-1)!, "SIGKILL");
    const jobs = await Promise.all(waits);
    assert.deepEqual(
      jobs.map((job) => [job.jobId, job.prompt?.points]),
      started.map(({ jobId }, index) => [jobId, prompts[index]?.points]),
    );
    assert.ok(jobs.every((job) => jobFailure(job) === undefined));
    assert.equal(pids().length, 2);
  });
});
