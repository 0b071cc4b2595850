// The requests of the prompt editor in the dialog of segment start to Node-RED.
import assert from "node:assert/strict";
import helper from "node-red-node-test-helper";
import { z } from "zod";
import { segmentSchema } from "../../src/api";
import { json, ScriptedService } from "../support/scripted-service";
import { node, pipeline, RunningFlow, useScratchUserDir } from "./flow";
import { DISC, DISC_BOX, scene } from "./scene";

const GRAPHCUT = { service: "embedded", engine: "graphcut" };
const ON = { x: DISC.x, y: DISC.y, label: 1 };
const trialSchema = z.strictObject({
  segments: z.array(segmentSchema),
  score: z.number().nullable(),
  ms: z.number(),
  engine: z.looseObject({ name: z.string() }).optional(),
});
const failureSchema = z.strictObject({ message: z.string(), code: z.string().optional() });

describe("the routes of the prompt editor", () => {
  useScratchUserDir();
  let picture: Buffer;
  before(async () => {
    picture = await scene();
  });

  const getPicture = (id = "start") => helper.request().get(`/segment-start/${id}/picture`);
  const postTry = (body: object, id = "start") => helper.request().post(`/segment-start/${id}/try`).send(body);

  async function tryOut(body: object): Promise<z.infer<typeof trialSchema>> {
    const response = await postTry(body);
    assert.equal(response.status, 200, response.text);
    return trialSchema.parse(response.body);
  }

  async function refused(request: Promise<{ status: number; body: unknown }>, status: number) {
    const response = await request;
    assert.equal(response.status, status, JSON.stringify(response.body));
    return failureSchema.parse(response.body);
  }

  /** A flow whose node start has seen the picture, though the message had no prompt. */
  async function flowThatSaw(upload: object = {}, image = picture): Promise<RunningFlow> {
    const flow = await RunningFlow.load(pipeline(GRAPHCUT, { upload }));
    flow.send("upload", { payload: image });
    assert.match((await flow.next("caught")).error?.message ?? "", /prompt: there is none/);
    return flow;
  }

  it("give out the picture of the message, and that of the next one", async () => {
    const flow = await flowThatSaw();
    const response = await getPicture().expect(200);
    assert.equal(response.headers["content-type"], "image/jpeg");
    assert.equal(response.headers["cache-control"], "no-store");
    assert.equal(response.headers["x-content-type-options"], "nosniff");
    assert.deepEqual(response.body, picture);

    const other = await scene(60);
    flow.send("upload", { payload: other, topic: "other" });
    await flow.next("caught");
    assert.deepEqual((await getPicture().expect(200)).body, other);
  });

  it("fetch the picture from the service when the message does not carry it, also after a deploy", async () => {
    const flow = await flowThatSaw({ keepImage: false });
    assert.deepEqual((await getPicture().expect(200)).body, picture);
    await flow.redeploy("nodes", { start: { name: "other" } });
    assert.deepEqual((await getPicture().expect(200)).body, picture);
  });

  it("don't take msg.image for the picture of another file", async () => {
    const flow = await flowThatSaw();
    flow.send("upload", { payload: await scene(60) });
    const { segment } = await flow.next("caught");
    flow.send("start", { payload: { fileIds: [1, 2] }, segment, image: picture });
    await flow.next("caught");
    assert.equal((await refused(getPicture(), 500)).code, "file-not-found");
  });

  it("say that there is no picture: before the first, of a node that is not deployed or was removed", async () => {
    const flow = await RunningFlow.load(pipeline(GRAPHCUT));
    for (const id of ["start", "upload", "no-such-node"]) {
      assert.equal((await refused(getPicture(id), 404)).code, "no-picture");
      assert.equal((await refused(postTry({ points: [ON], boxes: [] }, id), 404)).code, "no-picture");
    }
    flow.send("upload", { payload: picture });
    await flow.next("caught");
    await getPicture().expect(200);
    await flow.remove("start");
    assert.match((await refused(getPicture(), 404)).message, /not deployed/);
  });

  it("know a node of a subflow by the id that it has in the editor, whichever instance the picture passes", async () => {
    const flow = await RunningFlow.load([
      ...pipeline(GRAPHCUT, { upload: { wires: [["instance"]] } }),
      { id: "sub", type: "subflow", name: "sub", in: [{ x: 0, y: 0, wires: [{ id: "inner" }] }], out: [] },
      { id: "inner", type: "segment-start", z: "sub", x: 0, y: 0, config: "config", wires: [[]] },
      node("instance", "subflow:sub", []),
      node("other-instance", "subflow:sub", []),
    ]);
    flow.send("upload", { payload: picture });
    await flow.next("caught");
    assert.deepEqual((await getPicture("inner").expect(200)).body, picture);
    await flow.remove("other-instance");
    assert.deepEqual((await getPicture("inner").expect(200)).body, picture);
  });

  it("try points and boxes, without a message in the flow", async () => {
    const flow = await flowThatSaw();
    const { segments, score, ms, engine } = await tryOut({ points: [ON], boxes: [DISC_BOX] });
    assert.equal(segments.length, 1);
    assert.equal(score, segments[0]!.score);
    assert.ok(score > 0.5 && ms > 0);
    assert.equal(engine?.name, "graphcut");
    assert.deepEqual(flow.unread("completed"), []);
  });

  it("try several boxes, one job each, and report the lowest score", async () => {
    await flowThatSaw();
    const beside = { xMin: 0.7, yMin: 0.1, xMax: 0.9, yMax: 0.4 };
    const { segments, score } = await tryOut({ points: [], boxes: [DISC_BOX, beside] });
    assert.equal(score, Math.min(...segments.map((segment) => segment.score)));
  });

  it("report a prompt that finds nothing", async () => {
    await flowThatSaw();
    const { segments, score } = await tryOut({ points: [{ ...ON, label: 0 }], boxes: [] });
    assert.deepEqual([segments, score], [[], null]);
  });

  it("refuse an invalid prompt, with code and reason", async () => {
    await flowThatSaw();
    const bad: [object, number, RegExp][] = [
      [{}, 400, /points/],
      [{ points: [{ x: 2, y: 0 }], boxes: [] }, 400, /points\[0\]\.x/],
      [{ points: [ON], boxes: [DISC_BOX], colour: 1 }, 400, /colour/],
      [{ points: [], boxes: [] }, 500, /there is none/],
      [{ points: [ON], boxes: [DISC_BOX, DISC_BOX] }, 500, /2 boxes/],
    ];
    for (const [body, status, reason] of bad) {
      const { code, message } = await refused(postTry(body), status);
      assert.equal(code, "invalid-prompt");
      assert.match(message, reason);
    }
  });

  it("pass on why the service gives no result", async () => {
    const service = await ScriptedService.start();
    try {
      const config = { service: "server", baseUrl: service.url, project: "default", retries: "0" };
      const flow = await RunningFlow.load(pipeline(config));
      flow.send("start", { payload: { fileIds: [7] } });
      await flow.next("caught");
      service.fail(/segment$/, json(401, { error: { code: 401, message: "no" } }));
      assert.equal((await refused(postTry({ points: [ON], boxes: [] }), 500)).code, "unauthorized");

      service.onStart = ({ jobId }) => {
        setImmediate(() => service.finish(jobId, { status: "Failed", errorMessage: "no luck" }));
      };
      const failure = await refused(postTry({ points: [ON], boxes: [] }), 500);
      assert.equal(failure.code, "job-failed");
      assert.match(failure.message, /no luck/);
    } finally {
      await service.close();
    }
  });

  it("don't ask one service for a picture of another", async () => {
    const flow = await flowThatSaw();
    await flow.redeploy("full", { config: { dataDir: "elsewhere" } });
    assert.match((await refused(getPicture(), 404)).message, /another service/);
  });
});
