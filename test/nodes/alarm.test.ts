import assert from "node:assert/strict";
import type { EventEmitter } from "node:events";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import helper from "node-red-node-test-helper";
import { logged, node, RunningFlow, useScratchUserDir, type FlowNode, type Message, since41 } from "./flow";

/** `msg.alarm` */
interface AlarmOfMessage {
  state: string;
  previous: string | null;
  value: number | null;
  limit: string | null;
  since: number;
  latched: boolean;
  acknowledged: boolean;
}
const ENDS = ["changes", "measures", "caught", "finished"];

function alarmFlow(properties: object): FlowNode[] {
  return [
    { id: "tab", type: "tab", label: "test" },
    node("alarm", "segment-alarm", [["changes"], ["measures"]], { high: "10", ...properties }),
    node("catch", "catch", [["caught"]], { scope: null }),
    node("complete", "complete", [["finished"]], { scope: ["alarm"] }),
    ...ENDS.map((id) => node(id, "helper", [])),
  ];
}

const alarmOf = (message: Message): AlarmOfMessage => message.alarm as AlarmOfMessage;
const measure = (area: unknown, topic?: string): object => ({
  payload: { kept: true },
  measures: { total: { area } },
  ...(topic === undefined ? {} : { topic }),
});
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("segment alarm", () => {
  const userDir = useScratchUserDir();
  const folder = join(userDir, "node-red-segment-alarms");
  let flow: RunningFlow;
  const load = async (properties: object = {}): Promise<void> =>
    void (flow = await RunningFlow.load(alarmFlow(properties)));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Sends a message, and waits for its end. */
  async function give(message: object): Promise<void> {
    flow.send("alarm", message);
    await flow.next("finished");
  }
  const states = (id: string): (string | undefined)[] => flow.unread(id).map((message) => alarmOf(message).state);

  it("sends every measure by the second output, and changes by the first; the message stays unchanged", async () => {
    await load({ hysteresis: "2" });
    const startedAt = Date.now();
    for (const area of [5, 11, 12, 9, 8]) await give({ ...(measure(area) as Message), extra: "kept" });
    assert.deepEqual(states("measures"), ["ok", "alarm", "alarm", "alarm", "ok"]);
    assert.deepEqual(states("changes"), ["ok", "alarm", "ok"]);
    const raised = flow.unread("changes")[1]!;
    const { since, ...alarm } = alarmOf(raised);
    assert.deepEqual(alarm, {
      ...{ state: "alarm", previous: "ok", value: 11, limit: "high", latched: false, acknowledged: false },
    });
    assert.ok(since >= startedAt && since <= Date.now());
    assert.deepEqual([raised.payload, raised.extra], [{ kept: true }, "kept"]);
    assert.equal(alarmOf(flow.unread("measures")[2]!).since, since);
    assert.deepEqual(flow.unread("caught"), []);
  });

  it("takes messages in the order in which they came, also when measuring takes time", async () => {
    await load({ measure: "payload", measureType: "jsonata", high: "2" });
    const numbers = [1, 2, 3, 4, 3, 2, 1];
    for (const payload of numbers) flow.send("alarm", { payload });
    const messages = await flow.nextOf("measures", numbers.length);
    assert.deepEqual(
      messages.map(({ payload }) => payload),
      numbers,
    );
    await flow.nextOf("finished", numbers.length);
    assert.deepEqual(states("changes"), ["ok", "alarm", "ok"]);
  });

  it("keeps a latched alarm until it is acknowledged", async () => {
    await load({ latch: true });
    for (const area of [11, 5]) await give(measure(area));
    assert.equal(alarmOf(flow.unread("measures")[1]!).latched, true);
    await give({ acknowledge: true, payload: "by Ada" });
    assert.deepEqual(states("changes"), ["alarm", "ok"]);
    const ended = flow.unread("changes")[1]!;
    assert.equal(ended.payload, "by Ada");
    assert.deepEqual([alarmOf(ended).previous, alarmOf(ended).latched], ["alarm", false]);
    assert.deepEqual(states("measures"), ["alarm", "alarm"], "an acknowledgement is no measure");
  });

  it("reports an acknowledgement that does not end the alarm with the next measure", async () => {
    await load({ latch: true });
    await give(measure(11));
    await give({ acknowledge: true });
    await give(measure(11));
    assert.deepEqual(states("changes"), ["alarm"]);
    assert.deepEqual([alarmOf(flow.unread("measures")[1]!).acknowledged, alarmOf(flow.unread("measures")[1]!).latched], [true, false]); // prettier-ignore
    await give(measure(5));
    assert.deepEqual(states("changes"), ["alarm", "ok"]);
  });

  it("has an alarm for each topic; an acknowledgement is for its topic, or for all", async () => {
    await load({ latch: true });
    for (const topic of ["a", "b", "c"]) for (const area of [11, 5]) await give(measure(area, topic));
    await give(measure(5, "fine"));
    await flow.nextOf("changes", 4);
    await give({ acknowledge: true, topic: "b" });
    assert.deepEqual(flow.unread("changes").map(({ topic }) => topic), ["b"]); // prettier-ignore
    await give({ acknowledge: true, topic: "" });
    assert.deepEqual(flow.unread("changes").map(({ topic, alarm }) => [topic, (alarm as AlarmOfMessage).state]), [["b", "ok"], ["a", "ok"], ["c", "ok"]]); // prettier-ignore
    await give({ acknowledge: true, topic: "nobody" });
    assert.equal(flow.unread("changes").length, 3);
  });

  it("becomes unknown after a message with an error, until the next measure", async () => {
    await load();
    const error = { code: "job-failed", message: "no" };
    await give(measure(5));
    await give({ error, payload: 1 });
    await give({ error, payload: 2 });
    await give(measure(5));
    assert.deepEqual(states("changes"), ["ok", "unknown", "ok"]);
    const unknown = flow.unread("changes")[1]!;
    assert.deepEqual([unknown.error, unknown.payload, alarmOf(unknown).value], [error, 1, null]);
    assert.deepEqual(states("measures"), ["ok", "ok"]);
  });

  it("becomes unknown when no message comes, counted for each topic", async () => {
    await load({ staleAfter: "0.4" });
    await give(measure(5, "a"));
    await flow.next("changes");
    const feeding = setInterval(() => flow.send("alarm", measure(5, "b")), 50);
    try {
      assert.equal((await flow.next("changes")).topic, "b");
      const silent = await flow.next("changes");
      assert.deepEqual([silent.topic, alarmOf(silent).state, alarmOf(silent).previous], ["a", "unknown", "ok"]);
      assert.equal(silent.payload, undefined);
      await pause(600);
      assert.deepEqual(states("changes"), [], "reported once, and for that topic alone");
    } finally {
      clearInterval(feeding);
    }
  });

  it("becomes unknown when nothing comes after a deploy, once", async () => {
    await load({ staleAfter: "0.2" });
    const silent = await flow.next("changes");
    assert.deepEqual([silent.topic, alarmOf(silent).state, alarmOf(silent).previous], [undefined, "unknown", null]);
    await flow.redeploy("full", { alarm: { name: "new" } });
    await pause(500);
    assert.deepEqual(states("changes"), [], "not reported again after a restart");
    await give(measure(5, "a"));
    assert.deepEqual(states("changes"), ["ok"]);
  });

  it("ends a message without a usable measure as an error that names it, and leaves the state alone", async () => {
    await load();
    await give(measure(11));
    for (const [bad, text] of [
      [{ payload: 1 }, /msg\.measures\.total\.area is missing/],
      [measure("12"), /msg\.measures\.total\.area must be a number \(got "12"\)/],
      [measure(NaN), /must be a number/],
      [measure({ pixels: 12 }), /got {"pixels":12}/],
    ] as const) {
      flow.send("alarm", bad);
      const caught = await flow.next("caught");
      assert.equal(caught.error?.code, since41("invalid-result"));
      assert.match(caught.error!.message, text);
    }
    await give(measure(11));
    assert.deepEqual(states("changes"), ["alarm"]);
    assert.deepEqual(states("measures"), ["alarm", "alarm"]);
    assert.deepEqual(flow.unread("finished"), []);
  });

  it("ends every message as an error when its limits can't be used", async () => {
    await load({ high: "", low: "" });
    flow.send("alarm", measure(5));
    const caught = await flow.next("caught");
    assert.equal(caught.error?.code, since41("no-config"));
    assert.match(caught.error!.message, /no limit/);
    assert.deepEqual(flow.unread("finished"), []);
  });

  it("shows the value, the worst state, acknowledged alarms and errors in its status", async () => {
    await load({ latch: true });
    const shown: unknown[] = [];
    const emitter: EventEmitter = helper.getNode("alarm");
    emitter.on("call:status", ({ args }: { args: unknown[] }) => shown.push(args[0]));
    await give(measure(0.123456));
    await give(measure(12.3456));
    await give({ acknowledge: true });
    await give(measure(1, "second"));
    flow.send("alarm", {});
    await flow.next("caught");
    const [ok, alarm] = ["segment-alarm.status.ok", "segment-alarm.status.alarm"];
    assert.deepEqual(shown.slice(-5), [
      { fill: "green", shape: "dot", text: ok },
      { fill: "red", shape: "dot", text: `${alarm} 12.35 > 10` },
      { fill: "red", shape: "ring", text: `${alarm} 12.35 > 10` },
      { fill: "red", shape: "ring", text: `1/2 ${alarm}` },
      { fill: "red", shape: "ring", text: "invalid-result" },
    ]);
  });

  it("does not blink between two messages that fail", async () => {
    await load();
    await give(measure(5));
    const shown: unknown[] = [];
    const emitter: EventEmitter = helper.getNode("alarm");
    emitter.on("call:status", ({ args }: { args: unknown[] }) => shown.push(args[0]));
    for (const message of [{}, {}]) flow.send("alarm", message);
    await flow.nextOf("caught", 2);
    assert.deepEqual(shown, [{ fill: "red", shape: "ring", text: "invalid-result" }]);
  });

  it("shows no error of a message once a later one is done, even when both came at once", async () => {
    await load();
    const shown: unknown[] = [];
    const emitter: EventEmitter = helper.getNode("alarm");
    emitter.on("call:status", ({ args }: { args: unknown[] }) => shown.push(args[0]));
    for (const message of [measure(5), {}, measure(4)]) flow.send("alarm", message);
    await flow.nextOf("finished", 2);
    const ok = { fill: "green", shape: "dot", text: "segment-alarm.status.ok" };
    assert.ok(shown.some((status) => (status as { text?: string }).text === "invalid-result"));
    assert.deepEqual(shown.at(-1), ok);
  });

  for (const type of ["full", "nodes"] as const) {
    it(`goes on as before after a deploy of type ${type}, without a message`, async () => {
      await load({ latch: true });
      for (const area of [11, 5]) await give(measure(area, "a"));
      const { since } = alarmOf((await flow.nextOf("changes", 1))[0]!);
      await flow.redeploy(type, { alarm: { name: "new" } });
      await give(measure(5, "a"));
      assert.deepEqual(states("changes"), []);
      const { state, previous, limit, latched, since: sinceThen } = alarmOf(flow.unread("measures").at(-1)!);
      assert.deepEqual([state, previous, limit, latched, sinceThen], ["alarm", "alarm", "high", true, since]);
      await give({ acknowledge: true });
      assert.deepEqual(states("changes"), ["ok"]);
    });
  }

  it("sends nothing after it was closed, and says what was dropped", async () => {
    await load({ measure: '$eval("payload")', measureType: "jsonata", staleAfter: "0.2" });
    await give({ payload: 5 });
    for (const payload of [11, 12]) flow.send("alarm", { payload });
    await flow.redeploy("full", { alarm: { staleAfter: "0", measure: "payload" } });
    await pause(500);
    const dropped = logged("warn").filter((text) => text.includes("dropped"));
    const left = flow.unread("measures").length - 1;
    assert.deepEqual(dropped, left === 2 ? [] : [`${2 - left} segment-alarm.warning.dropped`]);
    assert.ok(!states("changes").includes("unknown"), "its timer is gone");
  });

  it("deletes the alarms of a node that is removed", async () => {
    await load();
    await give(measure(11));
    assert.equal(readdirSync(folder).length, 1);
    await flow.redeploy("full", { alarm: { d: true } });
    assert.deepEqual(readdirSync(folder), []);
  });

  it("works without a disk, with a warning", async () => {
    writeFileSync(folder, "a file where the folder should be");
    await load();
    for (const area of [5, 11]) await give(measure(area));
    assert.deepEqual(states("changes"), ["ok", "alarm"]);
    assert.equal(logged("warn").filter((text) => text.includes("segment-alarm.warning.notKept")).length, 2);
  });

  it("touches no disk while it has no state", async () => {
    await load({ staleAfter: "60" });
    flow.send("alarm", {});
    await flow.next("caught");
    assert.ok(!existsSync(folder));
  });
});
