import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Job } from "../../src/api";
import { Journal } from "../../src/store";
import { waitRecordSchema } from "../../nodes/wait/wait-record.lazy";
import { journalKeys } from "../support/journal";
import { logged, pipeline, RunningFlow, useScratchUserDir, type FlowNode, since41 } from "./flow";
import { HoldingProxy, POLLS } from "./holding-proxy";
import { DISC, overlapWithDisc, scene } from "./scene";
import { startSegmentServer, type SegmentServer } from "./segment-server";

const POINT = { points: JSON.stringify([DISC.x, DISC.y]), pointsType: "json" };
const WEEK_MS = 7 * 24 * 3600 * 1000;

describe("waits that are resumed", () => {
  const userDir = useScratchUserDir();
  const folder = join(userDir, "node-red-segment-waits");
  const journal = join(folder, "journal");
  let server: SegmentServer;
  let proxy: HoldingProxy;
  let picture: Buffer;
  let credentials: object;
  before(async () => {
    server = await startSegmentServer(userDir);
    proxy = await HoldingProxy.start(server.url);
    picture = await scene();
    credentials = { config: { token: server.token } };
  });
  beforeEach(() => proxy.hold(POLLS));
  afterEach(() => proxy.release());
  after(async () => {
    await proxy.stop();
    await server.stop();
  });

  function flowOf(wait: object = {}): FlowNode[] {
    return pipeline({ service: "server", baseUrl: proxy.url, auth: "token" }, { start: POINT, wait });
  }

  /**
   * Takes a job for each topic to the moment after its POST and before the response to its first poll, which the proxy
   * holds back until `release`. Returns when the status counts all waits, so that they are on disk.
   */
  async function startedButNotPolled(flow: RunningFlow, topics: string[], extra: object = {}): Promise<void> {
    const counted = flow.status("wait", (text) => text.startsWith(`${topics.length} `));
    for (const topic of topics) flow.send("upload", { payload: picture, topic, ...extra });
    await counted;
    await flow.nextOf("finished", 2 * topics.length); // those of upload and start
  }

  /** Asserts that the messages leave once, marked as resumed, and that their records are removed. */
  async function assertResumed(flow: RunningFlow, topics: string[]): Promise<void> {
    const completed = await flow.nextOf("completed", topics.length);
    assert.deepEqual(completed.map(({ topic }) => topic).sort(), topics);
    for (const message of completed) {
      assert.equal(message.segment!.resumed, true);
      assert.equal(message.segment!.jobId, message.jobId);
      assert.ok(overlapWithDisc(message) > 0.85);
    }
    await flow.nextOf("finished", topics.length);
    await noRecords();
    for (const end of ["completed", "notCompleted", "caught", "finished"]) assert.deepEqual(flow.unread(end), [], end);
  }

  /** Waits until the file is empty, if there is one. */
  async function noRecords(): Promise<void> {
    const size = (): number => statSync(journal, { throwIfNoEntry: false })?.size ?? 0;
    while (size() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  for (const type of ["full", "flows", "nodes"] as const) {
    it(`go on after a deploy of type ${type}, with all that the message had`, async () => {
      const flow = await RunningFlow.load(flowOf(), credentials);
      const response = { end: () => "a live response" };
      await startedButNotPolled(flow, ["a", "b"], { res: response, format: () => "formatted" });
      await flow.redeploy(type, { wait: { timeout: "500" } });
      assert.deepEqual(logged("warn").filter((text) => text.includes("dropped")), []); // prettier-ignore
      proxy.release();
      const [message] = await flow.nextOf("completed", 2);
      assert.equal(message!.segment!.resumed, true);
      assert.deepEqual(message!.image, picture);
      assert.equal((message!.res as typeof response).end(), "a live response");
      assert.equal((message!.format as () => string)(), "formatted");
      await noRecords();
    });
  }

  it("go on after a restart, once, without what only lives in memory and what the service has", async () => {
    const flow = await RunningFlow.load(flowOf(), credentials);
    await startedButNotPolled(flow, ["a", "b"], {
      res: { end: () => 0 },
      format: () => 0,
      depth: { map: new Map([[1, "one"]]) },
    });
    await flow.restart(credentials, async () => assert.equal((await journalKeys(journal)).length, 2));
    proxy.release();
    const [message] = await flow.nextOf("completed", 2);
    for (const name of ["image", "res", "format"]) assert.ok(!(name in message!), name);
    assert.deepEqual(message!.depth, { map: new Map([[1, "one"]]) });
    assert.ok((message!.segment!.file as { fileId: number }).fileId > 0);
    await flow.nextOf("finished", 2);
    await noRecords();
  });

  it("go on after a stop and a start, and after many of them", async () => {
    const flow = await RunningFlow.load(flowOf(), credentials);
    await startedButNotPolled(flow, ["a", "b"]);
    await flow.restart(credentials);
    await flow.redeploy("full", { wait: { name: "new" } });
    await flow.restart(credentials);
    proxy.release();
    await assertResumed(flow, ["a", "b"]);
  });

  it("leave a message that is not resumed unmarked, and no record of it", async () => {
    proxy.release();
    const flow = await RunningFlow.load(flowOf(), credentials);
    flow.send("upload", { payload: picture });
    assert.ok(!("resumed" in (await flow.next("completed")).segment!));
    await noRecords();
  });

  it("have the rest of their timeout", async () => {
    const flow = await RunningFlow.load(flowOf({ timeout: "3" }), credentials);
    await startedButNotPolled(flow, ["a"]);
    const since = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await flow.restart(credentials);
    const message = await flow.next("notCompleted");
    assert.equal(message.error?.code, "timed-out");
    assert.equal(message.segment!.resumed, true);
    assert.ok(performance.now() - since < 4200, "not the whole timeout again");
  });

  it("are cancelled by a reset, and forgotten", async () => {
    const flow = await RunningFlow.load(flowOf(), credentials);
    await startedButNotPolled(flow, ["a", "b"]);
    await flow.restart(credentials);
    flow.send("wait", { reset: true });
    const cancelled = await flow.nextOf("notCompleted", 2);
    assert.deepEqual(cancelled.map(({ error }) => error?.code), ["cancelled", "cancelled"]); // prettier-ignore
    await flow.nextOf("finished", 3);
    await noRecords();
  });

  it("are dropped when the node is deleted: one warning, and no record is left", async () => {
    const flow = await RunningFlow.load(flowOf(), credentials);
    await startedButNotPolled(flow, ["a", "b"]);
    await flow.remove("wait");
    const dropped = logged("warn").filter((text) => text.includes("dropped"));
    assert.deepEqual(dropped, ["2 segment-wait.warning.dropped"]);
    await noRecords();
  });

  it("are one error when no config node leads to their service any more", async () => {
    const flow = await RunningFlow.load(flowOf(), credentials);
    await startedButNotPolled(flow, ["a"]);
    await flow.redeploy("full", { config: { project: "other" } });
    const caught = await flow.next("caught");
    assert.equal(caught.error?.code, since41("no-config"));
    assert.deepEqual([caught.topic, caught.segment!.jobId], ["a", caught.jobId]);
    await noRecords();
  });

  it("are read past a damaged record, which is set aside with one warning", async () => {
    const flow = await RunningFlow.load(flowOf(), credentials);
    await startedButNotPolled(flow, ["a", "b", "c"]);
    await flow.restart(credentials, () => {
      const bytes = readFileSync(journal);
      bytes[100]! ^= 1;
      writeFileSync(journal, bytes.subarray(0, bytes.length - 100));
    });
    proxy.release();
    assert.equal((await flow.next("completed")).segment!.resumed, true);
    const warnings = logged("warn").filter((text) => text.includes("setAside"));
    assert.deepEqual(warnings, ["segment wait: 2 segment-wait.warning.setAside"]);
    assert.ok(statSync(join(folder, "damaged", "journal")).size > 0);
    await noRecords();
  });

  it("leave once more when the record outlived a crash between sending and forgetting", async () => {
    const flow = await RunningFlow.load(flowOf(), credentials);
    await startedButNotPolled(flow, ["a"]);
    const record = readFileSync(journal);
    proxy.release();
    const first = await flow.next("completed");
    await flow.next("finished");
    await noRecords();
    await flow.restart(credentials, () => writeFileSync(journal, record));
    const second = await flow.next("completed");
    assert.deepEqual([first.segment!.resumed, second.segment!.resumed], [undefined, true]);
    assert.equal((second.payload as Job).jobId, first.jobId);
  });

  it("are removed after 7 days when their node does not exist", async () => {
    const flow = await RunningFlow.load(flowOf(), credentials);
    await startedButNotPolled(flow, ["a"]);
    await flow.restart(credentials, async () => {
      const records = await Journal.open(journal, waitRecordSchema);
      const msg = { _msgid: "1" };
      const orphan = { nodeId: "gone", jobId: 5, service: "embedded", timeoutMs: 0, sequence: 9, msg };
      await records.put("old", { ...orphan, recordedAt: Date.now() - WEEK_MS - 1000 });
      await records.put("young", { ...orphan, recordedAt: Date.now() - WEEK_MS + 60_000 });
    });
    proxy.release();
    await flow.next("completed");
    while ((await journalKeys(journal)).length !== 1) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(logged("warn").includes("segment wait: 1 segment-wait.warning.pruned"));
  });

  it("keep their order with inOrder, before messages that come later", async () => {
    const flow = await RunningFlow.load(flowOf({ inOrder: true }), credentials);
    for (const place of [1, 2, 3]) {
      const counted = flow.status("wait", (text) => text.startsWith(`${place} `));
      flow.send("upload", { payload: picture, topic: "t", place });
      await counted;
    }
    await flow.restart(credentials);
    flow.send("upload", { payload: picture, topic: "t", place: 4 });
    proxy.release();
    assert.deepEqual((await flow.nextOf("completed", 4)).map(({ place }) => place), [1, 2, 3, 4]); // prettier-ignore
  });

  it("are reported as lost when they can't be written, and go on", async () => {
    writeFileSync(folder, "a file where the folder should be");
    const flow = await RunningFlow.load(flowOf(), credentials);
    await startedButNotPolled(flow, ["a", "b"]);
    const failures = logged("warn").filter((text) => text.includes("notRecorded"));
    assert.equal(failures.length, 1, failures.join("\n"));
    proxy.release();
    assert.ok(!("resumed" in (await flow.next("completed")).segment!));
  });
});
