import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { pngBomb } from "../support/pictures";
import { logged, pipeline, RunningFlow, since41, useScratchUserDir, type Message } from "./flow";
import { HoldingProxy, POLLS } from "./holding-proxy";
import { DISC, scene } from "./scene";
import { startSegmentServer, type SegmentServer } from "./segment-server";

const POINT = { points: [[DISC.x, DISC.y]] };

describe("errors of flows", () => {
  const userDir = useScratchUserDir();
  let server: SegmentServer;
  let proxy: HoldingProxy;
  let config: object;
  let credentials: object;
  before(async () => {
    server = await startSegmentServer(userDir);
    proxy = await HoldingProxy.start(server.url);
    config = { service: "server", baseUrl: proxy.url, auth: "token", retries: "1", timeout: "20" };
    credentials = { config: { token: server.token } };
  });
  after(async () => {
    await proxy.stop();
    await server.stop();
  });

  /** Sends a message that must end as one error to the Catch node, and returns it. */
  async function failure(flow: RunningFlow, id: string, message: object, code: string, text: RegExp): Promise<Message> {
    flow.send(id, message);
    const caught = await flow.next("caught");
    assert.ok(caught.error);
    assert.equal(caught.error.code, since41(code), caught.error.message);
    assert.match(caught.error.message, text);
    await new Promise(setImmediate); // whatever else the message might have caused
    for (const end of ["completed", "notCompleted", "caught", "finished"]) assert.deepEqual(flow.unread(end), [], end);
    return caught;
  }

  describe("in a prompt", () => {
    const fileIds = [17];
    const box = { xMin: 0.1, yMin: 0.1, xMax: 0.9, yMax: 0.9 };
    const rows: [string, unknown, RegExp][] = [
      ["no file", { ...POINT }, /file: there is none/],
      ["no prompt", { fileIds }, /prompt: there is none/],
      ["a point outside", { fileIds, points: [{ x: 1.5, y: 0.5 }] }, /points\[0\]\.x: lies outside.*got 1\.5/],
      ["label 2", { fileIds, points: [{ x: 0.5, y: 0.5, label: 2 }] }, /points\[0\]\.label: .*got 2/],
      ["a box turned round", { fileIds, boxes: [{ ...box, xMin: 0.95 }] }, /boxes\[0\]: its right edge.*0\.95/],
      ["two like points", { fileIds, points: [[0.5, 0.5], [0.5, 0.5]] }, /points\[1\]: is the same point/], // prettier-ignore
      ["text for a number", { fileIds, points: [{ x: "0.5", y: 0.5 }] }, /points\[0\]\.x: must be a number \(got "0\.5"\)/], // prettier-ignore
      ["text as payload", "cut out the cup", /payload: must be an object.*cut out the cup/],
      ["a Buffer as payload", Buffer.from([1, 2, 3]), /payload: must be an object.*Buffer of 3 bytes/],
      ["no payload", undefined, /payload: must be an object/],
      ["points beside two boxes", { fileIds, boxes: [box, box], ...POINT }, /points: can't be used with 2 boxes/],
      ["101 jobs", { fileIds, boxes: Array.from({ length: 101 }, () => box) }, /101 jobs: at most 100/],
    ];
    for (const [what, payload, text] of rows) {
      it(`${what}: one error, and nothing is sent to the server`, async () => {
        const flow = await RunningFlow.load(pipeline(config), credentials);
        const before = proxy.requests.length;
        const caught = await failure(flow, "start", { payload, topic: "t" }, "invalid-prompt", text);
        assert.deepEqual(proxy.requests.slice(before), []);
        assert.equal(caught.topic, "t");
        assert.deepEqual(caught.payload, payload);
      });
    }

    it("pixels without the picture's size", async () => {
      const flow = await RunningFlow.load(pipeline(config, { start: { units: "pixel" } }), credentials);
      await failure(
        flow,
        "start",
        { payload: { fileIds, points: [[10, 10]] } },
        "invalid-prompt",
        /imageSize: is needed/,
      );
    });
  });

  describe("in a picture", () => {
    const rows: [string, unknown, RegExp][] = [
      ["text", "cup.jpg", /msg\.payload is a text \("cup\.jpg"\) that is no base64.*give a Buffer/],
      ["an object", { a: 1 }, /msg\.payload is a JSON message without a picture.*image, data, .*\(it has a\)/],
      ["an array", [1, 2], /must be a picture, but is an array of 2 items/],
      ["nothing", undefined, /is not there/],
      ["no bytes", Buffer.alloc(0), /msg\.payload: the picture is empty/],
      ["no picture", Buffer.from("no picture"), /no JPEG or PNG/],
    ];
    for (const [what, payload, text] of rows) {
      it(`${what}: one error, and nothing is sent to the server`, async () => {
        const flow = await RunningFlow.load(pipeline(config), credentials);
        const before = proxy.requests.length;
        await failure(flow, "upload", { payload }, "invalid-image", text);
        assert.deepEqual(proxy.requests.slice(before), []);
      });
    }
  });

  it("unknown file: names the reference", async () => {
    const flow = await RunningFlow.load(pipeline(config), credentials);
    await failure(flow, "start", { payload: { fileId: 4711, ...POINT } }, "file-not-found", /4711/);
    const text = /"4711".*for a file id send a number/;
    await failure(flow, "start", { payload: { fileIds: "4711", ...POINT } }, "file-not-found", text);
  });

  it("one of several files is unknown: one error that names the jobs already started", async () => {
    const flow = await RunningFlow.load(pipeline(config, { upload: { wires: [["completed"]] } }), credentials);
    flow.send("upload", { payload: await scene() });
    const { fileIds } = (await flow.next("completed")).payload as { fileIds: number[] };
    await flow.next("finished");
    const payload = { fileIds: [...fileIds, 4711], ...POINT };
    await failure(flow, "start", { payload }, "file-not-found", /4711.*Jobs already started: \d+\./s);
  });

  it("a picture that can't be decoded: the job has failed, by the second output, and the next one works", async () => {
    const flow = await RunningFlow.load(
      pipeline(config, { start: { points: JSON.stringify(POINT.points), pointsType: "json" } }),
      credentials,
    );
    const picture = await scene();
    for (const bad of [pngBomb(30_000, 30_000), picture.subarray(0, 1000)]) {
      flow.send("upload", { payload: bad, topic: "bad" });
      const failed = await flow.next("notCompleted");
      assert.equal(failed.error?.code, "job-failed");
      assert.equal(failed.error.jobId, failed.jobId);
      assert.match(failed.error.message, /^Job \d+ failed: .*picture/i);
      assert.equal((failed.payload as { status: string }).status, "Failed");
      assert.equal(failed.topic, "bad");
      await flow.nextOf("finished", 3);
    }
    flow.send("upload", { payload: picture });
    await flow.next("completed");
    assert.deepEqual(flow.unread("caught"), []);
  });

  it("wrong token: says where to change it", async () => {
    const flow = await RunningFlow.load(pipeline(config), { config: { token: "another token" } });
    const before = proxy.requests.length;
    await failure(flow, "start", { payload: { fileId: 17, ...POINT } }, "unauthorized", /token in the config node/);
    assert.equal(proxy.requests.length - before, 1, "not tried again");
    await failure(flow, "wait", { jobId: 17 }, "no-config", /which service started the job/);
    await flow.redeploy("full", { wait: { config: "config" } });
    await failure(flow, "wait", { jobId: 17 }, "unauthorized", /token in the config node/);
  });

  it("a copy of the config node without its secret does not stand in the way of a wait that names none", async () => {
    const copy = { id: "copy", type: "segment-config", ...config };
    const upload = { image: "payload.image", imageType: "msg" };
    const flow = await RunningFlow.load([copy, ...pipeline(config, { upload })], credentials);
    flow.send("upload", { payload: { image: await scene(), ...POINT } });
    await flow.next("completed");
    assert.deepEqual(flow.unread("caught"), []);
  });

  it("server down: unreachable", async () => {
    const closed = http.createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const down = { ...config, baseUrl: `http://127.0.0.1:${port}` };
    const flow = await RunningFlow.load(pipeline(down, { wait: { config: "config" } }), credentials);
    const text = new RegExp(`127\\.0\\.0\\.1:${port} can't be reached`);
    await failure(flow, "upload", { payload: await scene() }, "unreachable", text);
    await failure(flow, "start", { payload: { fileId: 17, ...POINT } }, "unreachable", text);
    await failure(flow, "wait", { jobId: 17 }, "unreachable", text);
  });

  it("no config node, or one that is not filled in", async () => {
    const none = { config: "" };
    const flow = await RunningFlow.load(pipeline(config, { upload: none, start: none }), credentials);
    await failure(flow, "upload", { payload: await scene() }, "no-config", /open it and choose a config node/);
    await failure(flow, "start", { payload: { fileId: 17, ...POINT } }, "no-config", /choose a config node/);
    await flow.redeploy("full", { config: { baseUrl: "" }, upload: { config: "config" } });
    await failure(
      flow,
      "upload",
      { payload: await scene() },
      "no-config",
      /Config node "test": the base URL is missing/,
    );
  });

  describe("in a wait", () => {
    it("no job id, or none that is one", async () => {
      const flow = await RunningFlow.load(pipeline(config, { wait: { config: "config" } }), credentials);
      await failure(flow, "wait", { payload: 1 }, "invalid-job", /msg\.jobId holds no job id/);
      await failure(flow, "wait", { jobId: "17" }, "invalid-job", /msg\.jobId must be a job id.*got "17"/);
      await failure(flow, "wait", { jobId: 1.5 }, "invalid-job", /got 1\.5/);
    });

    it("a job that the service does not know leaves by the second output", async () => {
      const flow = await RunningFlow.load(pipeline(config, { wait: { config: "config" } }), credentials);
      flow.send("wait", { jobId: 17, payload: "mine", topic: "t" });
      const message = await flow.next("notCompleted");
      assert.equal(message.error?.code, "job-not-found");
      assert.deepEqual([message.payload, message.topic], ["mine", "t"]);
      await flow.next("finished");
    });

    it("a job of another service", async () => {
      const flow = await RunningFlow.load(pipeline(config, { wait: { config: "config" } }), credentials);
      const segment = { service: "http://elsewhere.example/api/v1/projects/default" };
      await failure(flow, "wait", { jobId: 17, segment }, "wrong-service", /started by "http:\/\/elsewhere\.example/);
      await flow.redeploy("full", { wait: { config: "" } });
      await failure(flow, "wait", { jobId: 17, segment }, "no-config", /No config node .* "http:\/\/elsewhere/);
    });

    it("more waits than the config node allows", async () => {
      const flow = await RunningFlow.load(
        pipeline({ ...config, maxPending: "1" }, { wait: { config: "config" } }),
        credentials,
      );
      proxy.hold(POLLS);
      flow.send("wait", { jobId: 17 });
      flow.send("wait", { jobId: 18 });
      assert.equal((await flow.next("caught")).error?.code, since41("too-many-waits"));
      proxy.release();
      assert.equal((await flow.next("notCompleted")).jobId, 17);
    });
  });

  it("never reach the log beside the Catch node", async () => {
    const flow = await RunningFlow.load(pipeline(config), credentials);
    await failure(flow, "start", { payload: 5 }, "invalid-prompt", /payload/);
    assert.deepEqual(logged("error"), []);
  });
});
