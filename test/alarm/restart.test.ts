import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linkPackage, startNodeRed, type Flow, type RunningNodeRed } from "../../tools/node-red";
import { removeFolder } from "../../tools/remove-folder";

const MINUTE = 60_000;
const at = { z: "tab", x: 0, y: 0 };

/** Takes measures and acknowledgements by HTTP, and answers when the node is done with them. */
const FLOW: Flow = [
  { id: "tab", type: "tab", label: "alarm" },
  { id: "in", type: "http in", url: "/measure", method: "post", wires: [["properties"]], ...at },
  {
    id: "properties",
    type: "change",
    rules: ["error", "acknowledge"].map((name) => ({
      t: "set",
      p: name,
      pt: "msg",
      to: `payload.${name}`,
      tot: "msg",
    })),
    wires: [["alarm"]],
    ...at,
  },
  {
    id: "alarm",
    type: "segment-alarm",
    measure: "payload.area",
    measureType: "msg",
    high: "10",
    latch: true,
    wires: [["told"], []],
    ...at,
  },
  {
    id: "told",
    type: "debug",
    active: true,
    console: true,
    tosidebar: false,
    complete: '"told:" & alarm.state',
    targetType: "jsonata",
    wires: [],
    ...at,
  },
  { id: "complete", type: "complete", scope: ["alarm"], wires: [["answer"]], ...at },
  {
    id: "answer",
    type: "change",
    rules: [{ t: "set", p: "payload", to: "alarm", tot: "msg" }],
    wires: [["out"]],
    ...at,
  },
  { id: "out", type: "http response", wires: [], ...at },
  { id: "kill in", type: "http in", url: "/kill", method: "post", wires: [["kill"]], ...at },
  { id: "kill", type: "exec", command: "kill -9 $PPID", addpay: "", wires: [[], [], []], ...at },
];

describe("an alarm in a Node-RED that is killed", function () {
  this.timeout(4 * MINUTE);
  let home: string;
  let nodeRed: RunningNodeRed;
  before(async function () {
    if (process.platform === "win32") this.skip(); // without kill -9
    home = mkdtempSync(join(tmpdir(), "segment-alarm-"));
    await linkPackage(home);
    nodeRed = await start();
  });
  after(async () => {
    if (process.platform === "win32") return;
    await nodeRed.stop();
    removeFolder(home);
  });

  const start = (): Promise<RunningNodeRed> => startNodeRed(home, FLOW, AbortSignal.timeout(MINUTE));

  async function restart(): Promise<void> {
    fetch(`${nodeRed.url}kill`, { method: "POST" }).catch(() => undefined); // nobody is left to answer
    await assert.rejects(nodeRed.crashed);
    nodeRed = await start();
  }

  /** The alarm after a message. */
  async function give(body: object): Promise<Record<string, unknown>> {
    const answer = await fetch(`${nodeRed.url}measure`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  }
  const told = (): string[] => nodeRed.log().match(/(?<=told:)\w+/g) ?? [];

  it("is neither raised again nor lost, nor is its acknowledgement", async () => {
    assert.equal((await give({ area: 5 })).state, "ok");
    const { since } = await give({ area: 11 });
    await give({ area: 5 });
    assert.deepEqual(told(), ["ok", "alarm"]);

    await restart();
    const back = await give({ area: 5 });
    assert.deepEqual([back.state, back.previous, back.latched, back.since], ["alarm", "alarm", true, since]);
    assert.equal((await give({ error: { message: "no picture" } })).state, "unknown");
    assert.deepEqual(told(), ["unknown"]);

    await restart();
    await give({ acknowledge: true });
    assert.deepEqual(told(), [], "the alarm has ended, but the value is not known");
    await restart();
    const ended = await give({ area: 9 });
    assert.deepEqual([ended.state, ended.previous, ended.limit], ["ok", "unknown", null]);

    await restart();
    await give({ area: 5 });
    assert.deepEqual(told(), []);
  });
});
