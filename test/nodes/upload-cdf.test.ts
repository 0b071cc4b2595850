import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ScriptedService } from "../support/scripted-service";
import { pipeline, RunningFlow, useScratchUserDir, since41 } from "./flow";
import { scene } from "./scene";

const POINTS = { points: "[[0.5,0.5]]", pointsType: "json" };
const INSTANCE = { instance: "instance", instanceType: "msg" };

describe("pictures on Cognite Data Fusion", () => {
  useScratchUserDir();
  let service: ScriptedService;
  beforeEach(async () => {
    service = await ScriptedService.start();
    service.onStart = ({ jobId }) => service.finish(jobId);
  });
  afterEach(() => service.close());

  const flowOn = (kind: string, upload: object = {}): Promise<RunningFlow> =>
    RunningFlow.load(
      pipeline({ service: kind, baseUrl: service.url, project: "plant", retries: "0" }, { upload, start: POINTS }),
    );
  const body = (index: number): unknown => JSON.parse(service.requests[index]!.body.toString());

  it("are named by their content, so that a picture sent again is the same file", async () => {
    const picture = await scene();
    const flow = await flowOn("cdf");
    flow.send("upload", { payload: picture });
    await flow.next("completed");
    assert.equal(service.log[1], "POST /api/v1/projects/plant/files?overwrite=true");
    const sha256 = createHash("sha256").update(picture).digest("hex");
    assert.deepEqual(body(1), {
      name: `node-red-${sha256.slice(0, 16)}.jpg`,
      mimeType: "image/jpeg",
      externalId: `node-red-${sha256}`,
    });
    flow.send("upload", { payload: picture });
    await flow.next("completed");
    assert.equal(service.count(/^PUT/), 1);
    assert.equal(service.jobs.size, 2);
  });

  it("need no such name on our own server", async () => {
    const flow = await flowOn("server");
    flow.send("upload", { payload: await scene() });
    await flow.next("completed");
    assert.equal(service.log[0], "POST /api/v1/projects/plant/files");
    assert.equal("externalId" in (body(0) as object), false);
  });

  it("become the content of a file in a data model, which segment start then names", async () => {
    const instance = { space: "cameras", externalId: "line-4" };
    const id = service.addInstance(instance.space, instance.externalId);
    const picture = await scene();
    const flow = await flowOn("cdf", INSTANCE);
    flow.send("upload", { payload: picture, instance });
    const message = await flow.next("completed");
    assert.deepEqual(service.files.get(id)?.bytes, picture);
    assert.deepEqual(message.segment?.file, { fileInstanceId: instance });
    assert.deepEqual(message.segment.imageSize, { width: 320, height: 240 }, "start knows it for the same file");
    const start = service.log.findIndex((line) => line.endsWith("/segment"));
    assert.deepEqual((body(start) as { items: unknown }).items, [{ fileInstanceId: instance }]);
  });

  it("are new files when a message names no such file, and refused when it names it wrongly", async () => {
    const flow = await flowOn("cdf", INSTANCE);
    flow.send("upload", { payload: await scene() });
    await flow.next("completed");
    assert.equal(service.log[1], "POST /api/v1/projects/plant/files?overwrite=true");
    const before = service.requests.length;
    flow.send("upload", { payload: await scene(), instance: "line-4" });
    const { error } = await flow.next("caught");
    assert.equal(error?.code, since41("invalid-image"));
    assert.match(error!.message, /msg\.instance must be \{space, externalId\}.*"line-4"/);
    assert.equal(service.requests.length, before);
  });
});
