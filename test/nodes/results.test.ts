import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import helper from "node-red-node-test-helper";
import type { Job } from "../../src/api";
import { node, pipeline, RunningFlow, since41, useScratchUserDir, type FlowNode } from "./flow";
import { DISC, DISC_BOX, overlapWithDisc, scene, SCENE } from "./scene";

/** With the engine that loads and runs fastest, for flows about messages. */
const EMBEDDED = { service: "embedded", engine: "graphcut" };
/** With the engine that is the default where it is installed: sam. */
const DEFAULT_ENGINE = { service: "embedded" };
/** Well on the disc, and well beside it. */
const ON = [DISC.x, DISC.y];
const BESIDE = [0.9, 0.1, 0];

describe("flows on the embedded server", () => {
  useScratchUserDir();
  let picture: Buffer;
  before(async () => {
    picture = await scene();
  });

  const prompts: [string, object][] = [
    ["one point", { points: ON }],
    ["one box", { boxes: DISC_BOX }],
    ["several points", { points: [ON, [DISC.x - 0.08, DISC.y], [DISC.x + 0.08, DISC.y], BESIDE] }],
    ["a box and a point", { boundingBox: DISC_BOX, points: { x: DISC.x, y: DISC.y } }],
  ];
  for (const [what, prompt] of prompts) {
    it(`cut out an object by ${what}`, async () => {
      const flow = await RunningFlow.load(
        pipeline(DEFAULT_ENGINE, { upload: { image: "payload.image", imageType: "msg" } }),
      );
      flow.send("upload", { payload: { image: picture, ...prompt } });
      const result = await flow.next("completed");
      assert.ok(overlapWithDisc(result) > 0.85, String(overlapWithDisc(result)));
    });
  }

  it("find as many candidates that differ as segment start asks for, the best first", async () => {
    const image = readFileSync(join(__dirname, "../../pictures/gauge.jpg"));
    const flow = await RunningFlow.load([
      ...pipeline(DEFAULT_ENGINE, { upload: { wires: [["uploaded"]] } }),
      node("uploaded", "helper", []),
      node("startOne", "segment-start", [["wait"]], { config: "config", candidates: "" }),
      node("startThree", "segment-start", [["wait"]], { config: "config", candidates: "3" }),
    ]);
    flow.send("upload", { payload: image });
    const uploaded = await flow.next("uploaded");
    const segmentsBy = async (start: string) => {
      flow.send(start, { ...uploaded, payload: { ...(uploaded.payload as object), points: [0.5, 0.5] } });
      return ((await flow.next("completed")).payload as Job).items?.[0]?.segments ?? [];
    };
    const best = await segmentsBy("start"); // a flow from before there was a choice
    assert.equal(best.length, 1);
    assert.deepEqual(await segmentsBy("startOne"), best);
    const several = await segmentsBy("startThree");
    assert.ok(several.length === 2 || several.length === 3, `${several.length} segments`);
    assert.deepEqual(several[0], best[0]);
    assert.ok(several[0]!.score >= several[1]!.score);
  });

  it("refuse a number of candidates that no server takes", async () => {
    const bad = ["0", "5", "1.5", "many"];
    const flow = await RunningFlow.load([
      ...pipeline(EMBEDDED),
      ...bad.map((candidates) => node(candidates, "segment-start", [["wait"]], { config: "config", candidates })),
    ]);
    for (const id of bad) {
      flow.send(id, { payload: { fileIds: [1], points: ON } });
      const { error } = await flow.next("caught");
      assert.equal(error!.code, since41("no-config"));
      assert.match(error!.message, /candidates must be a whole number from 1 to 4 \(got/);
    }
  });

  it("keep to the message's form stage by stage", async () => {
    const flow = await RunningFlow.load([
      ...pipeline(EMBEDDED, { upload: { wires: [["start", "uploaded"]] }, start: { wires: [["wait", "started"]] } }),
      node("uploaded", "helper", []),
      node("started", "helper", []),
    ]);
    flow.send("upload", { payload: picture, topic: "camera/1", points: [ON], shift: { name: "early" } });
    const uploaded = await flow.next("uploaded");
    const sha256 = createHash("sha256").update(picture).digest("hex");
    const { fileIds } = uploaded.payload as { fileIds: number[] };
    assert.deepEqual(uploaded.payload, { fileIds, imageSize: SCENE });
    assert.equal(typeof uploaded.segment!.receivedAt, "number");
    assert.deepEqual(uploaded.segment, {
      service: "embedded",
      file: { fileId: fileIds[0] },
      imageSize: SCENE,
      mimeType: "image/jpeg",
      sha256,
      receivedAt: uploaded.segment!.receivedAt,
    });
    assert.deepEqual(uploaded.image, picture);
    assert.match((await flow.next("caught")).error!.message, /prompt: there is none/);

    flow.send("start", { ...uploaded, payload: { ...(uploaded.payload as object), points: [ON] } });
    const started = await flow.next("started");
    const startedJob = started.payload as Job & { points: unknown };
    assert.equal(started.jobId, startedJob.jobId);
    assert.deepEqual(startedJob.points, [{ x: DISC.x, y: DISC.y }]);
    assert.equal(started.parts, undefined);
    const prompt = { points: [{ x: DISC.x, y: DISC.y }] };
    assert.deepEqual(started.segment, { ...uploaded.segment, jobId: started.jobId, prompt });

    const completed = await flow.next("completed");
    const job = completed.payload as Job;
    assert.equal(job.status, "Completed");
    assert.deepEqual(job.prompt, prompt);
    assert.deepEqual(completed.segment, { ...started.segment, timings: completed.segment!.timings });
    const timings = completed.segment.timings as Record<string, number>;
    assert.deepEqual(Object.keys(timings).sort(), ["queuedMs", "runningMs", "totalMs"]);
    for (const message of [uploaded, started, completed]) {
      assert.equal(message.topic, "camera/1");
      assert.deepEqual(message.shift, { name: "early" });
    }
    assert.equal(completed.error, undefined);
  });

  it("take the picture from elsewhere, keep the payload's prompt, and leave the picture out when the node is set so", async () => {
    const upload = { image: "camera.data", imageType: "msg", keepImage: false, wires: [["uploaded"]] };
    const flow = await RunningFlow.load([...pipeline(EMBEDDED, { upload }), node("uploaded", "helper", [])]);
    const bytes = new Uint8Array(picture);
    const payload = { points: [ON], boxes: [DISC_BOX], boundingBox: DISC_BOX, other: 1 };
    flow.send("upload", { payload, camera: { data: bytes }, image: Buffer.from("an older picture") });
    const uploaded = await flow.next("uploaded");
    const { fileIds, imageSize, ...rest } = uploaded.payload as Record<string, unknown>;
    assert.equal((fileIds as number[]).length, 1);
    assert.deepEqual(imageSize, SCENE);
    assert.deepEqual(rest, { points: [ON], boxes: [DISC_BOX], boundingBox: DISC_BOX });
    assert.ok(!("image" in uploaded));
  });

  it("forget an earlier job, and another file, when the next one is started", async () => {
    const flow = await RunningFlow.load(pipeline(EMBEDDED, { upload: { image: "image", imageType: "msg" } }));
    flow.send("upload", { payload: { boxes: { ...DISC_BOX, label: "disc" } }, image: picture });
    const first = await flow.next("completed");
    assert.deepEqual(first.segment!.box, { ...DISC_BOX, label: "disc" });

    const { service, file, imageSize, mimeType, sha256, receivedAt } = first.segment!;
    const { fileId } = file as { fileId: number };
    flow.send("start", { ...first, payload: { fileId, points: ON } });
    const second = await flow.next("completed");
    const prompt = { points: [{ x: DISC.x, y: DISC.y }] };
    const { jobId } = second;
    const { timings } = second.segment!;
    assert.notEqual(jobId, first.jobId);
    const facts = { imageSize, mimeType, sha256, receivedAt };
    assert.deepEqual(second.segment, { service, file, ...facts, jobId, prompt, timings });

    flow.send("start", { ...second, payload: { fileId, points: ON }, segment: { ...facts, file: { fileId: 4711 } } });
    const third = await flow.next("completed");
    const known = { service, file, jobId: third.jobId, prompt, timings: third.segment!.timings };
    assert.deepEqual(third.segment, known);
  });

  it("take file, points and job from the context of flow and global", async () => {
    const upload = { wires: [["uploaded"]] };
    const start = {
      file: "file",
      fileType: "flow",
      points: "prompt.points",
      pointsType: "global",
      wires: [["started"]],
    };
    const wait = { config: "config", job: "jobs[0]", jobType: "flow" };
    const helpers = [node("uploaded", "helper", []), node("started", "helper", [])];
    const flow = await RunningFlow.load([...pipeline(EMBEDDED, { upload, start, wait }), ...helpers]);
    flow.send("upload", { payload: picture });
    const { payload } = await flow.next("uploaded");
    const { flow: ofFlow, global } = helper.getNode("start").context();
    ofFlow.set("file", (payload as { fileIds: number[] }).fileIds[0]);
    global.set("prompt", { points: ON });
    flow.send("start", { payload: "anything" });
    ofFlow.set("jobs", [(await flow.next("started")).jobId]);
    flow.send("wait", { payload: "anything" });
    assert.ok(overlapWithDisc(await flow.next("completed")) > 0.85);
  });

  it("take pixels, and prompts that stand in the dialog", async () => {
    const points = JSON.stringify([[DISC.x * SCENE.width, DISC.y * SCENE.height]]);
    const flow = await RunningFlow.load(pipeline(EMBEDDED, { start: { points, pointsType: "json", units: "pixel" } }));
    flow.send("upload", { payload: picture });
    const result = await flow.next("completed");
    assert.deepEqual(result.segment!.prompt, { points: [{ x: DISC.x, y: DISC.y }] });
    assert.ok(overlapWithDisc(result) > 0.85);
  });

  it("give each file each box, and a core join puts the results together", async () => {
    const flow = await RunningFlow.load(withJoin());
    flow.send("upload", { payload: picture });
    flow.send("upload", { payload: await scene(10) });
    const ids = (await flow.nextOf("uploaded", 2)).flatMap(({ payload }) => (payload as { fileIds: number[] }).fileIds);
    const boxes = [
      { ...DISC_BOX, label: "disc", trackId: 7 },
      { x: 0.7, y: 0.1, width: 0.2, height: 0.2, points: [[0.8, 0.2]], label: "ground" },
    ];
    const parts = { id: "outer", type: "array", index: 1, count: 3 };
    flow.send("start", { payload: { fileIds: ids, boxes }, parts, topic: "t" });

    const started = await flow.nextOf("started", 4);
    assert.deepEqual(
      started.map(({ segment }) => [(segment!.file as { fileId: number }).fileId, segment!.box]),
      ids.flatMap((id) => boxes.map((box) => [id, box])),
    );
    const sequence = started[0]!.parts!;
    started.forEach((message, index) => {
      assert.deepEqual(message.parts, { id: sequence.id, type: "array", index, count: 4, parts });
    });
    assert.notEqual(started[0]!.segment, started[1]!.segment);

    const joined = await flow.next("joined");
    const results = joined.payload as Job[];
    assert.deepEqual(
      results.map(({ jobId }) => jobId),
      started.map(({ jobId }) => jobId),
    );
    assert.deepEqual(
      results.map((job) => job.items![0]!.fileId),
      [ids[0], ids[0], ids[1], ids[1]],
    );
    assert.deepEqual(joined.parts, parts);
    assert.equal(joined.topic, "t");
    for (const index of [0, 2]) assert.ok(overlapWithDisc({ ...joined, payload: results[index] }) > 0.85);
  });

  it("work on several messages at once", async () => {
    const flow = await RunningFlow.load(
      pipeline(EMBEDDED, { start: { points: JSON.stringify(ON), pointsType: "json" } }),
    );
    const other = await scene(20);
    const both = flow.status("upload", (text) => text.startsWith("2 "));
    flow.send("upload", { payload: picture, topic: "a" });
    flow.send("upload", { payload: other, topic: "b" });
    await both;
    const results = await flow.nextOf("completed", 2);
    assert.deepEqual(results.map(({ topic }) => topic).sort(), ["a", "b"]);
    assert.notEqual(results[0]!.jobId, results[1]!.jobId);
    for (const result of results) assert.ok(overlapWithDisc(result) > 0.85);
  });

  it("leave a Buffer alone that branches share", async () => {
    const flow = await RunningFlow.load([
      ...pipeline(EMBEDDED, { start: { points: JSON.stringify(ON), pointsType: "json" } }),
      node("fork", "helper", [["upload", "upload2"]]),
      node("upload2", "segment-upload", [["start"]], { config: "config" }),
    ]);
    const shared = Buffer.from(picture);
    flow.emit("fork", { payload: shared });
    const results = await flow.nextOf("completed", 2);
    for (const result of results) {
      assert.ok(overlapWithDisc(result) > 0.85);
      assert.deepEqual(result.image, picture);
    }
    assert.deepEqual(shared, picture);
  });

  it("finish each message once: Complete nodes fire, Catch nodes don't", async () => {
    const flow = await RunningFlow.load(
      pipeline(EMBEDDED, { start: { points: JSON.stringify(ON), pointsType: "json" } }),
    );
    flow.send("upload", { payload: picture });
    await flow.next("completed");
    const finished = await flow.nextOf("finished", 3);
    assert.deepEqual(
      finished.map(({ complete }) => (complete as { source: { id: string } } | undefined)?.source.id),
      ["upload", "start", "wait"].map(since41),
    );
    assert.deepEqual(flow.unread("finished"), []);
    assert.deepEqual(flow.unread("caught"), []);
  });

  it("give an empty result when the prompt has background points only", async () => {
    const flow = await RunningFlow.load(pipeline(EMBEDDED, { start: { points: "[[0.5,0.5,0]]", pointsType: "json" } }));
    flow.send("upload", { payload: picture });
    const { payload } = await flow.next("completed");
    assert.deepEqual((payload as Job).items![0]!.segments, []);
  });
});

function withJoin(): FlowNode[] {
  return [
    ...pipeline(EMBEDDED, {
      upload: { wires: [["uploaded"]] },
      start: { wires: [["wait", "started"]] },
      wait: { wires: [["join"], ["notCompleted"]] },
    }),
    node("join", "join", [["joined"]], { mode: "auto" }),
    ...["uploaded", "started", "joined"].map((id) => node(id, "helper", [])),
  ];
}
