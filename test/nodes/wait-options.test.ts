import assert from "node:assert/strict";
import { json, ScriptedService } from "../support/scripted-service";
import { logged, node, pipeline, RunningFlow, useScratchUserDir, type FlowNode, type Message, since41 } from "./flow";
import { scene } from "./scene";

const POINT = { points: "[[0.5,0.5]]", pointsType: "json" };
const DELETIONS = /^POST .*\/files\/delete$/;

describe("options of segment wait", () => {
  useScratchUserDir();
  let service: ScriptedService;
  beforeEach(async () => {
    service = await ScriptedService.start();
    service.extensions = "byids";
  });
  afterEach(() => service.close());

  const config = (): object => ({ service: "cdf", baseUrl: service.url, retries: "0" });

  function load(wait: object = {}, extra: FlowNode[] = []): Promise<RunningFlow> {
    return RunningFlow.load([...pipeline(config(), { start: POINT, wait: { config: "config", ...wait } }), ...extra]);
  }

  /**
   * Lets a message wait for a new job, which stays `Queued` until `service.finish`: polls get no other state before. Returns
   * the job's id when the status counts the wait.
   */
  async function waitingForQueuedJob(flow: RunningFlow, count: number, message: object = {}): Promise<number> {
    const counted = flow.status("wait", (text) => text.startsWith(`${count} `));
    const jobId = service.addJob();
    flow.send("wait", { jobId, ...message });
    await counted;
    return jobId;
  }

  it("go on after a deploy by the config node that works, though a copy of it has no secret", async () => {
    const copy = { id: "copy", type: "segment-config", ...config(), auth: "token" };
    const flow = await RunningFlow.load([copy, ...pipeline(config())]);
    const jobId = await waitingForQueuedJob(flow, 1, {
      segment: { service: `${service.url}/api/v1/projects/default` },
    });
    await flow.redeploy("full", { copy: { name: "a copy" } });
    service.finish(jobId);
    assert.equal((await flow.next("completed")).jobId, jobId);
    assert.deepEqual(flow.unread("caught"), []);
  });

  describe("in order", () => {
    it("hold a result until the older ones of its topic have left, by whichever output", async () => {
      const flow = await load({ inOrder: true });
      const ids = [];
      for (const [index, topic] of ["a", "a", "b", "a"].entries())
        ids.push(await waitingForQueuedJob(flow, index + 1, { topic }));
      for (const id of ids.slice(1)) service.finish(id);
      assert.equal((await flow.next("completed")).jobId, ids[2], "the other topic goes on");
      await flow.next("finished");
      assert.deepEqual(flow.unread("completed"), []);
      service.finish(ids[0]!, { status: "Failed", errorMessage: "no" });
      assert.equal((await flow.next("notCompleted")).jobId, ids[0]);
      assert.deepEqual((await flow.nextOf("completed", 2)).map(({ jobId }) => jobId), [ids[1], ids[3]]); // prettier-ignore
      await flow.nextOf("finished", 3);
    });

    it("go on when an older one ends as an error", async () => {
      const flow = await load({ inOrder: true });
      const held = service.addJob();
      flow.send("wait", { jobId: held, topic: "a", segment: { service: "elsewhere" } });
      const id = service.addJob();
      flow.send("wait", { jobId: id, topic: "a" });
      service.finish(id);
      assert.equal((await flow.next("caught")).error?.code, since41("wrong-service"));
      assert.equal((await flow.next("completed")).jobId, id);
    });

    it("are not the default", async () => {
      const flow = await load();
      const first = await waitingForQueuedJob(flow, 1, { topic: "a" });
      const second = await waitingForQueuedJob(flow, 2, { topic: "a" });
      service.finish(second);
      assert.equal((await flow.next("completed")).jobId, second);
      service.finish(first);
      assert.equal((await flow.next("completed")).jobId, first);
    });
  });

  for (const extensions of ["byids", ""]) {
    it(`send each change of state by the third output, ${extensions === "" ? "without" : "with"} long polls`, async () => {
      service.extensions = extensions;
      const wires = [["completed"], ["notCompleted"], ["states"]];
      const flow = await load({ states: true, outputs: 3, wires }, [node("states", "helper", [])]);
      const image = Buffer.from("the picture's bytes");
      const jobId = await waitingForQueuedJob(flow, 1, { topic: "t", image, depth: { of: "it" } });
      const queued = await flow.next("states");
      service.jobs.set(jobId, { ...service.jobs.get(jobId)!, status: "Running", startTime: Date.now() });
      const running = await flow.next("states");
      service.finish(jobId);
      const completed = await flow.next("completed");
      const statuses = [queued, running, completed].map(({ payload }) => (payload as { status: string }).status);
      assert.deepEqual(statuses, ["Queued", "Running", "Completed"]);
      for (const message of [queued, running, completed]) {
        assert.equal(message.topic, "t");
        assert.deepEqual(Object.keys(message.segment!).sort(), ["jobId", "service", "timings"]);
      }
      assert.equal((running.image as Buffer).buffer, image.buffer, "the picture is not copied");
      assert.notEqual(running.depth, completed.depth, "the rest is");
      await flow.next("finished");
      assert.deepEqual([flow.unread("states"), flow.unread("finished")], [[], []]);
    });
  }

  describe("deletion of files", () => {
    /** Uploads a picture and returns the message of segment upload. */
    async function uploaded(flow: RunningFlow): Promise<Message> {
      flow.send("upload", { payload: await scene() });
      return flow.next("uploaded");
    }
    const warnings = (): string[] => logged("warn").filter((text) => text.includes("delete"));
    const loadUpload = (wait: object): Promise<RunningFlow> =>
      RunningFlow.load([
        ...pipeline(config(), { upload: { wires: [["uploaded"]] }, start: { wires: [["wait"]] }, wait }),
        node("uploaded", "helper", []),
      ]);

    it("happens once, when the last wait for a job on the file has left", async () => {
      const flow = await loadUpload({ deleteFile: true });
      const message = await uploaded(flow);
      const { fileIds } = message.payload as { fileIds: number[] };
      const all = flow.status("wait", (text) => text.startsWith("2 "));
      const boxes = [[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]]; // prettier-ignore
      flow.send("start", { ...message, payload: { fileIds, boxes } });
      await all;
      const [first, second] = [...service.jobs.keys()];
      service.finish(first!);
      await flow.next("completed");
      await flow.nextOf("finished", 3); // of upload, start and the first wait
      assert.equal(service.count(DELETIONS), 0);
      service.finish(second!);
      await flow.next("completed");
      while (service.count(DELETIONS) === 0) await new Promise(setImmediate);
      assert.deepEqual([...service.files.keys()], []);
      assert.deepEqual(warnings(), []);
    });

    it("waits for the other nodes of this Node-RED, too", async () => {
      const flow = await RunningFlow.load([
        ...pipeline(config(), { start: POINT, wait: { deleteFile: true } }),
        node("other", "segment-wait", [["other completed"], []], { config: "config" }),
        node("other completed", "helper", []),
      ]);
      const file = { fileId: service.addFile() };
      const segment = { service: `${service.url}/api/v1/projects/default`, file };
      const jobId = await waitingForQueuedJob(flow, 1, { segment });
      const otherId = service.addJob();
      const counted = flow.status("other", (text) => text.startsWith("1 "));
      flow.send("other", { jobId: otherId, segment });
      await counted;
      service.finish(jobId);
      await flow.next("completed");
      await flow.next("finished");
      assert.equal(service.count(DELETIONS), 0);
      service.finish(otherId);
      await flow.next("other completed");
      while (service.files.size > 0) await new Promise(setImmediate);
    });

    it("that fails is one warning, and no error of the message", async () => {
      const flow = await load({ deleteFile: true });
      service.fail(DELETIONS, json(403, { error: { code: 403, message: "no right to delete" } }));
      const segment = { service: `${service.url}/api/v1/projects/default`, file: { fileExternalId: "cup" } };
      const jobId = await waitingForQueuedJob(flow, 1, { segment });
      service.finish(jobId);
      await flow.next("completed");
      await flow.next("finished");
      while (warnings().length === 0) await new Promise(setImmediate);
      assert.equal(warnings().length, 1);
      const sent = service.requests.find(({ path }) => path.endsWith("/files/delete"))!.body.toString();
      assert.deepEqual(JSON.parse(sent), { items: [{ externalId: "cup" }] });
      assert.deepEqual(flow.unread("caught"), []);
    });

    it("does not happen by a deploy while another wait needs the file", async () => {
      const flow = await load({ deleteFile: true });
      const segment = { service: `${service.url}/api/v1/projects/default`, file: { fileId: service.addFile() } };
      const [first, second] = [
        await waitingForQueuedJob(flow, 1, { segment }),
        await waitingForQueuedJob(flow, 2, { segment }),
      ];
      service.finish(first);
      await flow.next("completed");
      await flow.redeploy("nodes", { wait: { name: "new" } });
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.equal(service.count(DELETIONS), 0);
      service.finish(second);
      await flow.next("completed");
      while (service.count(DELETIONS) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(service.count(DELETIONS), 1);
    });

    it("does not happen without a result, nor without the option", async () => {
      const segment = { service: `${service.url}/api/v1/projects/default`, file: { fileId: service.addFile() } };
      const flow = await load({ deleteFile: true, timeout: "0.2" });
      flow.send("wait", { jobId: service.addJob(), segment });
      assert.equal((await flow.next("notCompleted")).error?.code, "timed-out");
      await flow.next("finished");
      await flow.redeploy("full", { wait: { deleteFile: false, timeout: "20" } });
      const jobId = await waitingForQueuedJob(flow, 1, { segment });
      service.finish(jobId);
      await flow.next("completed");
      await flow.next("finished");
      assert.equal(service.count(DELETIONS), 0);
    });
  });

  it("take the id of the job from the payload when there is none beside it", async () => {
    const flow = await load();
    const jobId = service.addJob();
    service.finish(jobId);
    flow.send("wait", { payload: { jobId } });
    assert.equal((await flow.next("completed")).segment!.jobId, jobId);
    await flow.redeploy("full", { wait: { job: "id", jobType: "msg" } });
    flow.send("wait", { payload: { jobId } });
    assert.equal((await flow.next("caught")).error?.code, since41("invalid-job"));
  });

  it("are cancelled by a reset right behind them, but not by one right before them", async () => {
    const flow = await load();
    const jobId = service.addJob();
    flow.send("wait", { jobId, place: "before" });
    flow.send("wait", { jobId, reset: true });
    flow.send("wait", { jobId, place: "behind" });
    const cancelled = await flow.next("notCompleted");
    assert.deepEqual([cancelled.place, cancelled.error?.code], ["before", "cancelled"]);
    service.finish(jobId);
    assert.equal((await flow.next("completed")).place, "behind");
    assert.deepEqual(flow.unread("notCompleted"), []);
  });

  it("name service and job in a message to a Catch node", async () => {
    const flow = await load();
    const jobId = service.addJob();
    service.extensions = "";
    service.token = "another";
    flow.send("wait", { jobId, segment: { sha256: "x" } });
    const { segment, error } = await flow.next("caught");
    assert.equal(error?.code, since41("unauthorized"));
    assert.deepEqual(segment, { sha256: "x", service: `${service.url}/api/v1/projects/default`, jobId });
  });

  it("are dropped for good when they are dropped", async () => {
    const flow = await load();
    const jobId = service.addJob();
    flow.send("wait", { jobId });
    await flow.redeploy("nodes", { wait: { name: "new" } });
    assert.equal(logged("warn").filter((text) => text.includes("dropped")).length, 1);
    service.finish(jobId);
    await new Promise((resolve) => setTimeout(resolve, 1000)); // in which a record would be written
    await flow.restart({});
    await new Promise((resolve) => setTimeout(resolve, 1500)); // in which its message would come back
    assert.deepEqual(flow.unread("completed"), []);
  });

  describe("status", () => {
    it("says how long the oldest has waited, until none waits", async () => {
      const flow = await load();
      const old = flow.status("wait", (text) => /^2 segment-wait\.status\.waiting, .*oldest [1-5] s$/.test(text));
      const first = await waitingForQueuedJob(flow, 1);
      const second = await waitingForQueuedJob(flow, 2);
      await old;
      const none = flow.status("wait", (text) => text === "");
      service.finish(first);
      service.finish(second);
      await none;
    });

    it("is the code of a failure until the next message", async () => {
      const flow = await load();
      const failed = flow.status("wait", (text) => text === "invalid-job");
      flow.send("wait", { jobId: "x" });
      await failed;
      await flow.next("caught");
      const cleared = flow.status("wait", (text) => text === "");
      await waitingForQueuedJob(flow, 1);
      await cleared;
    });
  });
});
