/** A Node-RED with an alarm node that tests kill with signal 9 and start again. */
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linkPackage, startNodeRed, type Flow, type RunningNodeRed } from "../../tools/node-red";
import { removeFolder } from "../../tools/remove-folder";
import { HANG_MS } from "../support/limits";

const at = { z: "tab", x: 0, y: 0 };

/** Takes measures and acknowledgements by HTTP, and responds when the node is done with them. */
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
    wires: [["raised"], []],
    ...at,
  },
  {
    id: "raised",
    type: "debug",
    active: true,
    console: true,
    tosidebar: false,
    complete: '"raised:" & alarm.state',
    targetType: "jsonata",
    wires: [],
    ...at,
  },
  { id: "complete", type: "complete", scope: ["alarm"], wires: [["response"]], ...at },
  {
    id: "response",
    type: "change",
    rules: [{ t: "set", p: "payload", to: "alarm", tot: "msg" }],
    wires: [["out"]],
    ...at,
  },
  { id: "out", type: "http response", wires: [], ...at },
  { id: "kill in", type: "http in", url: "/kill", method: "post", wires: [["kill"]], ...at },
  { id: "kill", type: "exec", command: "kill -9 $PPID", addpay: "", wires: [[], [], []], ...at },
];

export interface KilledNodeRed {
  /** Kills Node-RED and starts it again. */
  restart(): Promise<void>;
  /** Sends a payload through the alarm node and returns `msg.alarm` of the message that it passed on. */
  send(body: object): Promise<Record<string, unknown>>;
  /** The states that have left the alarm's first output since the last start. */
  raised(): string[];
}

/** To be called in a `describe`. */
export function useKilledNodeRed(): KilledNodeRed {
  let home: string;
  let nodeRed: RunningNodeRed;
  const start = (): Promise<RunningNodeRed> => startNodeRed(home, FLOW, AbortSignal.timeout(HANG_MS));
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
  return {
    async restart() {
      fetch(`${nodeRed.url}kill`, { method: "POST" }).catch(() => undefined); // nothing is left to respond
      await assert.rejects(nodeRed.crashed);
      nodeRed = await start();
    },
    async send(body) {
      const response = await fetch(`${nodeRed.url}measure`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    },
    raised: () => nodeRed.log().match(/(?<=raised:)\w+/g) ?? [],
  };
}
