import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { linkPackage, startNodeRed, type Flow, type RunningNodeRed } from "../../tools/node-red";
import { HoldingProxy, POLLS } from "../nodes/holding-proxy";
import { startSegmentServer, type SegmentServer } from "../nodes/segment-server";
import { journalKeys } from "../support/journal";
import { removeFolder } from "../../tools/remove-folder";
import { HANG_MS } from "../support/limits";

const PICTURE = join(__dirname, "../../pictures/coffee.jpg");
const outcomeSchema = z.object({
  status: z.string(),
  topic: z.string(),
  jobId: z.number(),
  resumed: z.boolean().optional(),
  code: z.string().optional(),
});
type Outcome = z.infer<typeof outcomeSchema>;

describe("waits in a Node-RED that is killed", () => {
  let home: string;
  let userDir: string;
  let outcomes: string;
  let server: SegmentServer;
  let proxy: HoldingProxy;
  let nodeRed: RunningNodeRed;

  before(async function () {
    if (process.platform === "win32") this.skip(); // without kill -9
    home = mkdtempSync(join(tmpdir(), "segment-resume-"));
    userDir = await linkPackage(home);
    outcomes = join(home, "outcomes");
    server = await startSegmentServer(home);
    proxy = await HoldingProxy.start(server.url);
    writeFileSync(join(userDir, "flows_cred.json"), JSON.stringify({ config: { token: server.token } }));
  });
  after(async () => {
    if (process.platform === "win32") return;
    await nodeRed.stop();
    await proxy.stop();
    await server.stop();
    removeFolder(home);
  });

  it("go on when it starts again, each leaves once, and a later kill repeats none", async () => {
    proxy.hold(POLLS);
    await start();
    for (const topic of ["a", "b", "c"]) await nodeRed.inject(topic);
    while ((await records()).length < 3) await moment();

    await kill();
    await start();
    await kill(); // while they are taken up, or shortly after
    assert.deepEqual(read(), []);
    assert.equal((await records()).length, 3);

    await start();
    proxy.release();
    while (read().length < 3 || (await records()).length > 0) await moment();
    const left = read();
    assert.deepEqual(left.map(({ topic }) => topic).sort(), ["a", "b", "c"]);
    assert.equal(new Set(left.map(({ jobId }) => jobId)).size, 3);
    for (const outcome of left) assert.deepEqual([outcome.status, outcome.resumed], ["Completed", true]);

    await kill();
    await start();
    await nodeRed.inject("d");
    while (read().length < 4) await moment();
    assert.deepEqual([read()[3]!.topic, read()[3]!.resumed], ["d", undefined], "only the new message leaves");
    assert.doesNotMatch(nodeRed.log(), /dropped|damaged/);
  });

  async function start(): Promise<void> {
    const flow = flowOf(proxy.url, outcomes);
    nodeRed = await startNodeRed(home, flow, AbortSignal.timeout(HANG_MS), { credentialSecret: false });
  }

  async function kill(): Promise<void> {
    nodeRed.inject("kill").catch(() => undefined); // nobody is left to answer
    await nodeRed.crashed.catch(() => undefined);
  }

  /** Waits a moment, and fails if Node-RED has ended. */
  const moment = (): Promise<unknown> => Promise.race([delay(50), nodeRed.crashed]);

  function read(): Outcome[] {
    if (!existsSync(outcomes)) return [];
    const lines = readFileSync(outcomes, "utf8").split("\n").filter(Boolean);
    return lines.map((line) => outcomeSchema.parse(JSON.parse(line)));
  }

  function records(): Promise<string[]> {
    return journalKeys(join(userDir, "node-red-segment-waits", "journal"));
  }
});

function flowOf(baseUrl: string, outcomes: string): Flow {
  const node = (id: string, type: string, wires: string[][], properties: object = {}): Flow[number] => ({
    id,
    z: "tab",
    x: 0,
    y: 0,
    type,
    wires,
    ...properties,
  });
  const inject = { once: false, repeat: "" };
  const topics = ["a", "b", "c", "d"].map((id) =>
    node(id, "inject", [["read"]], { ...inject, props: [{ p: "topic", v: id, vt: "str" }] }),
  );
  const facts = `{"status": payload.status, "topic": topic, "jobId": jobId, "resumed": segment.resumed, "code": error.code}`;
  return [
    { id: "tab", type: "tab", label: "resume" },
    { id: "config", type: "segment-config", name: "", service: "server", baseUrl, auth: "token" },
    ...topics,
    node("read", "file in", [["upload"]], { filename: PICTURE, filenameType: "str", format: "", encoding: "none" }),
    node("upload", "segment-upload", [["start"]], { config: "config" }),
    node("start", "segment-start", [["wait"]], { config: "config", boxes: "[0.28,0.08,0.83,0.97]", boxesType: "json" }),
    node("wait", "segment-wait", [["facts"], ["facts"]]),
    node("catch", "catch", [["facts"]], { scope: null }),
    node("facts", "change", [["text"]], { rules: [{ t: "set", p: "payload", pt: "msg", to: facts, tot: "jsonata" }] }),
    node("text", "json", [["write"]], { property: "payload", action: "str" }),
    node("write", "file", [[]], {
      filename: outcomes,
      filenameType: "str",
      appendNewline: true,
      overwriteFile: "false",
    }),
    node("kill", "inject", [["kill now"]], { ...inject, props: [] }),
    node("kill now", "exec", [[], [], []], { command: "kill -9 $PPID", addpay: "" }),
  ];
}
