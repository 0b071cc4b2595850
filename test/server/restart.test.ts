import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import axios from "axios";
import { createdFileSchema, downloadLinksSchema, fileRecordsSchema, jobSchema } from "../../src/api";
import { storedJobSchema } from "../../src/server/stored-job";
import { RecordStore } from "../../src/store";
import { itWithSignals } from "../support/signals";
import { disc, FILES, removeDir, scratchDir, SEGMENT, ServerProcess, TestClient } from "./support";

describe("a restart of the server", function () {
  this.timeout(120_000);
  let dataDir: string;
  let server: ServerProcess;
  beforeEach(() => {
    dataDir = scratchDir();
  });
  afterEach(async () => {
    await server.end("SIGKILL");
    removeDir(dataDir);
  });

  const start = async () => {
    server = await ServerProcess.start(["--data", dataDir]);
    return new TestClient(server.url);
  };

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    const test = signal === "SIGTERM" ? itWithSignals : it;
    test(`loses no job, result, file or idempotency key after ${signal}`, async () => {
      const first = await start();
      const key = { headers: { "idempotency-key": "k" } };
      const done = await first.start(await first.upload(await disc(1)));
      const result = await first.ended(done.jobId);
      // The model takes at least half a second for a new picture, so these can't have ended before the kill.
      const fileIds = await Promise.all([2, 3, 4].map(async (n) => first.upload(await disc(n))));
      const unfinished = await Promise.all(fileIds.map((fileId) => first.start(fileId)));
      const keyed = await first.http.post(
        SEGMENT,
        { items: [{ fileId: fileIds[0] }], points: [{ x: 0.4, y: 0.5 }] },
        key,
      );
      const { jobId: keyedId } = jobSchema.parse(keyed.data);
      const open = createdFileSchema.parse(
        (await first.http.post(FILES, { name: "a.jpg", mimeType: "image/jpeg" })).data,
      );
      assert.equal(await server.end(signal), signal === "SIGTERM" ? 0 : null);

      const second = await start();
      assert.deepEqual(jobSchema.parse((await second.http.get(`${SEGMENT}/${done.jobId}`)).data), result);
      for (const { jobId, createdTime } of unfinished) {
        const job = await second.ended(jobId);
        assert.equal(job.status, "Completed", job.errorMessage ?? "");
        assert.equal(job.createdTime, createdTime);
      }
      const again = await second.http.post(
        SEGMENT,
        { items: [{ fileId: fileIds[0] }], points: [{ x: 0.4, y: 0.5 }] },
        key,
      );
      assert.equal(jobSchema.parse(again.data).jobId, keyedId);
      const files = await second.http.post(`${FILES}/byids`, { items: fileIds.map((id) => ({ id })) });
      assert.ok(fileRecordsSchema.parse(files.data).items.every(({ uploaded }) => uploaded));
      // The upload link from before still works: its key is kept.
      const { pathname, search } = new URL(open.uploadUrl);
      const put = await axios.put(`${server.url}${pathname}${search}`, await disc(5), {
        proxy: false,
        headers: { "content-type": "image/jpeg" },
      });
      assert.equal(put.status, 200);
      assert.match(server.output.stderr, /unfinished jobs run again/);
      assert.doesNotMatch(server.output.stderr, /signature=|a-token/);
    });
  }

  itWithSignals("ends while a client waits for a job, and the client gets a response", async () => {
    const client = await start();
    const jobs = await Promise.all([1, 2, 3].map(async (n) => client.start(await client.upload(await disc(n)))));
    const last = jobs[2]!.jobId;
    const waiting = client.http.get(`${SEGMENT}/${last}`, { headers: { prefer: "wait=60" } });
    // Sent after the long poll, on another connection: once its response arrives, the wait has begun.
    await client.http.get("/health");
    assert.equal(await server.end("SIGTERM"), 0);
    assert.equal(jobSchema.parse((await waiting).data).jobId, last);
  });

  it("creates a new key for links when the stored one is damaged", async () => {
    const client = await start();
    const fileId = await client.upload(await disc());
    await server.end("SIGTERM");
    writeFileSync(join(dataDir, "link-key"), "too short");
    const again = await start();
    const response = await again.http.post(`${FILES}/downloadlink`, { items: [{ id: fileId }] });
    const [link] = downloadLinksSchema.parse(response.data).items;
    assert.equal((await axios.get(link!.downloadUrl, { proxy: false })).status, 200);
  });

  it("moves damaged records away, says so, and keeps the others", async () => {
    const client = await start();
    const ids = [await client.upload(await disc(1)), await client.upload(await disc(2))];
    await server.end("SIGKILL");
    const records = readdirSync(join(dataDir, "files"), { recursive: true, withFileTypes: true });
    const record = records.find((entry) => entry.isFile());
    writeFileSync(join(record!.parentPath, record!.name), "damaged");
    const again = await start();
    assert.match(server.output.stderr, /1 damaged or temporary files/);
    const response = await again.http.post(`${FILES}/byids`, {
      items: ids.map((id) => ({ id })),
      ignoreUnknownIds: true,
    });
    assert.equal(fileRecordsSchema.parse(response.data).items.length, 1);
  });

  it("fails a job that was running at three deaths of the server, and runs one that was at two", async () => {
    const client = await start();
    const fileId = await client.upload(await disc());
    const { jobId } = await client.start(fileId);
    await client.ended(jobId);
    await server.end("SIGTERM");
    const store = await RecordStore.open(join(dataDir, "jobs"), storedJobSchema);
    const ended = await store.get(String(jobId));
    assert.equal(ended?.attempts, 1);
    for (const attempts of [2, 3]) {
      await store.put(String(attempts), { ...ended, jobId: attempts, status: "Running", attempts });
    }
    const again = await start();
    assert.equal((await again.ended(2)).status, "Completed");
    const failed = await again.ended(3);
    assert.equal(failed.status, "Failed");
    assert.match(String(failed.errorMessage), /died 3 times/);
  });
});
