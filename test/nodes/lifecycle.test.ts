import assert from "node:assert/strict";
import http from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { logged, pipeline, RunningFlow, since41, useScratchUserDir } from "./flow";
import { HoldingProxy, POLLS } from "./holding-proxy";
import { DISC, overlapWithDisc, scene } from "./scene";
import { startSegmentServer, type SegmentServer } from "./segment-server";

const POINT = { points: JSON.stringify([DISC.x, DISC.y]), pointsType: "json" };

describe("waits", () => {
  const userDir = useScratchUserDir();
  let server: SegmentServer;
  let proxy: HoldingProxy;
  let picture: Buffer;
  before(async () => {
    server = await startSegmentServer(userDir);
    proxy = await HoldingProxy.start(server.url);
    picture = await scene();
  });
  beforeEach(() => proxy.hold(POLLS));
  afterEach(() => proxy.release());
  after(async () => {
    await proxy.stop();
    await server.stop();
  });

  function load(wait: object = {}): Promise<RunningFlow> {
    const config = { service: "server", baseUrl: proxy.url, auth: "token" };
    return RunningFlow.load(pipeline(config, { start: POINT, wait }), { config: { token: server.token } });
  }

  /** Starts jobs whose results are held back, and returns when all are waited for. */
  async function waiting(flow: RunningFlow, topics: string[]): Promise<void> {
    const counted = flow.status("wait", (text) => text.startsWith(`${topics.length} `));
    for (const topic of topics) flow.send("upload", { payload: picture, topic });
    await counted;
    await flow.nextOf("finished", 2 * topics.length); // those of upload and start
  }

  it("end by their timeout with the second output", async () => {
    const flow = await load({ timeout: "0.3" });
    await waiting(flow, ["a"]);
    const message = await flow.next("notCompleted");
    assert.equal(message.error?.code, "timed-out");
    assert.equal(message.error.jobId, message.jobId);
    assert.equal((message.payload as { jobId: number }).jobId, message.jobId);
    assert.equal(message.topic, "a");
    await flow.next("finished");
  });

  it("are all cancelled by a reset, which itself just ends", async () => {
    const flow = await load();
    await waiting(flow, ["a", "b"]);
    flow.send("wait", { reset: true, topic: "reset" });
    const messages = await flow.nextOf("notCompleted", 2);
    assert.deepEqual(messages.map(({ topic, error }) => [topic, error?.code]).sort(), [
      ["a", "cancelled"],
      ["b", "cancelled"],
    ]);
    const finished = (await flow.nextOf("finished", 3)).map(({ topic }) => topic);
    assert.deepEqual(finished.sort(), ["a", "b", "reset"]);
    assert.deepEqual(flow.unread("caught"), []);
  });

  it("are cancelled one by one by a reset with a job id; the others go on", async () => {
    const flow = await load();
    await waiting(flow, ["a", "b"]);
    flow.send("wait", { reset: true });
    const cancelled = await flow.nextOf("notCompleted", 2);
    await flow.nextOf("finished", 3);

    for (const message of cancelled) flow.send("wait", message);
    flow.send("wait", { reset: true, jobId: cancelled[0]!.jobId });
    assert.equal((await flow.next("notCompleted")).jobId, cancelled[0]!.jobId);
    proxy.release();
    const completed = await flow.next("completed");
    assert.equal(completed.jobId, cancelled[1]!.jobId);
    assert.equal(completed.error, undefined, "the error of the first wait is gone");
    assert.ok(overlapWithDisc(completed) > 0.85);
  });

  for (const type of ["full", "flows", "nodes"] as const) {
    it(`are dropped without resume by a deploy of type ${type}: one warning, and nothing leaves afterwards`, async () => {
      const flow = await load({ resume: false });
      await waiting(flow, ["a", "b"]);
      await flow.redeploy(type, { wait: { timeout: "500" } });
      proxy.release();
      const dropped = logged("warn").filter((text) => text.includes("dropped"));
      assert.deepEqual(dropped, ["2 segment-wait.warning.dropped"]);

      // Once another message has passed through the new node, anything from the old one would have arrived, too.
      flow.send("upload", { payload: picture, topic: "c" });
      assert.equal((await flow.next("completed")).topic, "c");
      await flow.nextOf("finished", 3);
      for (const end of ["completed", "notCompleted", "caught", "finished"])
        assert.deepEqual(flow.unread(end), [], end);
    });
  }

  it("go on when only the config node is redeployed", async () => {
    const flow = await load();
    await waiting(flow, ["a", "b"]);
    await flow.redeploy("nodes", { config: { timeout: "25" } });
    proxy.release();
    const completed = await flow.nextOf("completed", 2);
    assert.deepEqual(completed.map(({ topic }) => topic).sort(), ["a", "b"]);
    assert.ok(overlapWithDisc(completed[0]!) > 0.85);
    await flow.nextOf("finished", 2);
    for (const end of ["notCompleted", "caught", "finished"]) assert.deepEqual(flow.unread(end), [], end);
    assert.deepEqual(logged("warn").filter((text) => text.includes("dropped")), []); // prettier-ignore
  });

  it("can be cancelled after the config node was redeployed", async () => {
    const flow = await load();
    await waiting(flow, ["a"]);
    await flow.redeploy("nodes", { config: { timeout: "25" } });
    flow.send("wait", { reset: true });
    assert.equal((await flow.next("notCompleted")).error?.code, "cancelled");
  });

  it("time out after the config node was redeployed", async () => {
    const flow = await load({ timeout: "1.5" });
    await waiting(flow, ["a"]);
    await flow.redeploy("nodes", { config: { timeout: "25" } });
    assert.equal((await flow.next("notCompleted")).error?.code, "timed-out");
  });

  it("are one error when the config node leads elsewhere after a deploy", async () => {
    const flow = await load();
    await waiting(flow, ["a"]);
    await flow.redeploy("nodes", { config: { project: "other" } });
    const caught = await flow.next("caught");
    assert.ok(caught.error);
    assert.equal(caught.error.code, since41("no-config"));
    assert.match(caught.error.message, /was removed, changed or disabled/);
    assert.equal(caught.topic, "a");
    for (const end of ["completed", "notCompleted", "finished"]) assert.deepEqual(flow.unread(end), [], end);
  });

  describe("behind more messages than segment start begins with at once", () => {
    const START = /^POST \S+\/segment$/;
    const TOPICS = Array.from({ length: 20 }, (_, index) => `camera/${index}`);
    const ENDS = ["completed", "notCompleted", "caught", "finished"];
    const starts = (): number => proxy.requests.filter((line) => START.test(line)).length;

    /** Sends all messages to segment start at once, while the service responds to none of its requests. */
    async function crowd(): Promise<RunningFlow> {
      proxy.release();
      const flow = await load();
      flow.send("upload", { payload: picture });
      const { file } = (await flow.next("completed")).segment as { file: { fileId: number } };
      await flow.nextOf("finished", 3);
      proxy.hold(START);
      const counted = flow.status("start", (text) => text.startsWith(`${TOPICS.length} `));
      for (const topic of TOPICS) flow.send("start", { payload: { fileIds: [file.fileId] }, topic });
      await counted;
      return flow;
    }

    it("each leaves once", async () => {
      const flow = await crowd();
      proxy.release();
      const results = await flow.nextOf("completed", TOPICS.length);
      assert.deepEqual(results.map(({ topic }) => String(topic)).sort(), TOPICS.toSorted());
      await flow.nextOf("finished", 2 * TOPICS.length);
      for (const end of ENDS) assert.deepEqual(flow.unread(end), [], end);
    });

    it("those that have not begun are dropped with the others: one warning, and nothing more is started", async () => {
      const flow = await crowd();
      await flow.redeploy("full", { start: { name: "new" } });
      const before = starts();
      proxy.release();
      await new Promise((resolve) => setTimeout(resolve, 500)); // two turns
      assert.equal(starts(), before);
      assert.deepEqual(
        logged("warn").filter((text) => text.includes("dropped")),
        [`${TOPICS.length} segment-start.warning.dropped`],
      );
      for (const end of ENDS) assert.deepEqual(flow.unread(end), [], end);
    });
  });

  it("are dropped with work in the other nodes, a warning each", async () => {
    const flow = await load();
    proxy.hold(/^POST \S+\/files/);
    const counted = flow.status("upload", (text) => text.startsWith("1 "));
    flow.send("upload", { payload: picture });
    await counted;
    await flow.redeploy("full", { upload: { name: "new" } });
    proxy.release();
    assert.deepEqual(
      logged("warn").filter((text) => text.includes("dropped")),
      ["1 segment-upload.warning.dropped"],
    );
    flow.send("upload", { payload: picture, topic: "c" });
    assert.equal((await flow.next("completed")).topic, "c");
  });
});

describe("the embedded server's loopback", () => {
  useScratchUserDir();

  it("works with HTTP_PROXY set, and the proxy sees nothing", async () => {
    const seen: string[] = [];
    const proxy = http.createServer((request, response) => {
      seen.push(request.url ?? "");
      response.writeHead(502).end();
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const saved = { ...process.env };
    Object.assign(process.env, { HTTP_PROXY: address, http_proxy: address, HTTPS_PROXY: address, NO_PROXY: "" });
    try {
      const flow = await RunningFlow.load(pipeline({ service: "embedded", engine: "graphcut" }, { start: POINT }));
      flow.send("upload", { payload: await scene() });
      assert.ok(overlapWithDisc(await flow.next("completed")) > 0.85);
      assert.deepEqual(seen, []);
    } finally {
      for (const name of ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "NO_PROXY"]) {
        if (saved[name] === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = saved[name];
      }
      proxy.close();
    }
  });
});
