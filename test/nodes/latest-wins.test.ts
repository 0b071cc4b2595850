import assert from "node:assert/strict";
import { ScriptedService } from "../support/scripted-service";
import { logged, node, pipeline, RunningFlow, useScratchUserDir, since41 } from "./flow";

const POINT = { points: "[[0.5,0.5]]", pointsType: "json" };

describe("segment start with the newest message only", () => {
  useScratchUserDir();
  let service: ScriptedService;
  let flow: RunningFlow;
  beforeEach(async () => {
    service = await ScriptedService.start();
    service.extensions = "byids";
    flow = await load({});
  });
  afterEach(() => service.close());

  function load(start: object): Promise<RunningFlow> {
    const config = { service: "cdf", baseUrl: service.url, retries: "0", maxPending: "1" };
    return RunningFlow.load([
      ...pipeline(config, { start: { latestWins: true, ...POINT, wires: [["started"]], ...start } }),
      node("started", "helper", []),
    ]);
  }
  const send = (place: number, topic?: string): void => flow.send("start", { payload: { fileId: 17 }, topic, place });
  const placeOf = async (id: string): Promise<unknown> => (await flow.next(id)).place;

  it("lets the newest wait for the unfinished job, and ends the others without sending them", async () => {
    send(1);
    const { jobId } = await flow.next("started");
    assert.equal(await placeOf("finished"), 1);
    const skipped = flow.status("start", (text) =>
      /^1 segment-start\.status\.working, 2 segment-start\.status\.skipped$/.test(text),
    );
    for (const place of [2, 3, 4]) send(place);
    assert.deepEqual([await placeOf("finished"), await placeOf("finished")], [2, 3]);
    await skipped;
    assert.deepEqual(flow.unread("started"), []);
    const idle = flow.status("start", (text) => text === "");
    service.onStart = ({ jobId }) => service.finish(jobId);
    service.finish(jobId!);
    assert.equal(await placeOf("started"), 4);
    assert.equal(await placeOf("finished"), 4);
    await idle;
    assert.deepEqual(flow.unread("caught"), []);
  });

  it("skips a picture that a newer one has overtaken, but not after the clock was set back", async () => {
    service.onStart = ({ jobId }) => service.finish(jobId);
    const now = Date.now();
    for (const [place, receivedAt] of [
      [1, now],
      [2, now - 1000],
      [3, now],
      [4, now - 3_600_000],
    ] as const) {
      flow.send("start", { payload: { fileId: 17 }, segment: { receivedAt }, topic: "camera", place });
      await flow.next("finished");
    }
    const started = flow.unread("started").map(({ place }) => place);
    assert.deepEqual(started, [1, 3, 4]);
  });

  it("keeps topics apart; messages without one share one", async () => {
    for (const [place, topic] of [[1, "a"], [2, "b"], [3, undefined]] as const) send(place, topic); // prettier-ignore
    const started = await flow.nextOf("started", 3);
    assert.deepEqual(started.map(({ place }) => place).sort(), [1, 2, 3]);
    for (const [place, topic] of [[4, undefined], [5, "a"]] as const) send(place, topic); // prettier-ignore
    service.finish(started.find(({ topic }) => topic === "a")!.jobId!);
    assert.equal(await placeOf("started"), 5);
  });

  it("counts a message with several jobs as unfinished until all have ended", async () => {
    await flow.redeploy("full", { start: { points: "payload.points", pointsType: "msg" } });
    const boxes = [[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]]; // prettier-ignore
    flow.send("start", { payload: { fileId: 17, boxes }, place: 1 });
    const [first, second] = await flow.nextOf("started", 2);
    flow.send("start", { payload: { fileId: 17, boxes: boxes.slice(1) }, place: 2 });
    service.finish(first!.jobId!, { status: "Failed" });
    while (service.count(/byids$/) < 2) await new Promise(setImmediate); // it has seen that one end
    assert.deepEqual(flow.unread("started"), []);
    service.finish(second!.jobId!);
    assert.equal(await placeOf("started"), 2);
  });

  it("goes on after a message that failed, and after a job that the service no longer knows", async () => {
    flow.send("start", { payload: "no prompt", place: 1 });
    send(2);
    assert.equal((await flow.next("caught")).error?.code, since41("invalid-prompt"));
    const { jobId } = await flow.next("started");
    send(3);
    while (service.count(/byids$/) === 0) await new Promise(setImmediate);
    assert.deepEqual(flow.unread("started"), []);
    service.jobs.delete(jobId!);
    service.finish(service.addJob()); // ends the poll that is held
    assert.equal(await placeOf("started"), 3);
  });

  it("drops what waits at a deploy, with one warning", async () => {
    send(1);
    await flow.next("started");
    send(2);
    send(3);
    await flow.nextOf("finished", 2);
    await flow.redeploy("full", { start: { name: "new" } });
    assert.deepEqual(logged("warn").filter((text) => text.includes("dropped")), ["1 segment-start.warning.dropped"]); // prettier-ignore
    send(4);
    assert.equal(await placeOf("started"), 4);
    assert.equal(service.count(/^POST .*\/segment$/), 2);
  });

  it("names the service in a message to a Catch node", async () => {
    service.token = "another";
    send(1);
    const { segment, error } = await flow.next("caught");
    assert.equal(error?.code, since41("unauthorized"));
    assert.deepEqual(segment, { service: `${service.url}/api/v1/projects/default` });
  });
});
