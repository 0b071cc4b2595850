// The example "Frigate events" as it is imported, with a real broker and a server that gives snapshots as Frigate does.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { startBroker, type Broker } from "../../tools/broker";
import { linkPackage, startNodeRed, type Flow, type RunningNodeRed } from "../../tools/node-red";
import { removeFolder } from "../../tools/remove-folder";
import { HANG_MS } from "../support/limits";

const ROOT = join(__dirname, "..", "..");
const EXAMPLE = join(ROOT, "examples", "Frigate events.json");
const PICTURE = readFileSync(join(ROOT, "pictures", "coins.jpg"));
/** The coin in the upper right corner, in pixels of the picture: left, top, right, bottom. */
const COIN = [304, 14, 367, 76];
const ID = "1718987129.308396-fqk5ka";

const resultSchema = z.strictObject({
  id: z.string(),
  camera: z.string(),
  label: z.string(),
  area: z.number(),
  boundingBox: z.looseObject({}),
  score: z.number(),
});

describe("the example Frigate events", () => {
  let broker: Broker;
  let frigate: Server;
  let home: string;
  let nodeRed: RunningNodeRed;
  const asked: (string | undefined)[] = [];
  before(async () => {
    broker = await startBroker();
    frigate = createServer((request, response) => {
      asked.push(request.url);
      response.setHeader("content-type", "image/jpeg").end(PICTURE);
    });
    frigate.listen(0, "127.0.0.1");
    await once(frigate, "listening");
    const address = `http://127.0.0.1:${(frigate.address() as AddressInfo).port}`;
    home = mkdtempSync(join(tmpdir(), "segment-frigate-"));
    await linkPackage(home);
    const text = readFileSync(EXAMPLE, "utf8").replaceAll("http://frigate:5000", address);
    const flow = (JSON.parse(text) as Flow).map((node) =>
      node.type === "mqtt-broker" ? { ...node, broker: "127.0.0.1", port: String(broker.port) } : node,
    );
    const settings = { segmentAllowedUrls: [`${address}/api/events/`] };
    nodeRed = await startNodeRed(home, flow, AbortSignal.timeout(HANG_MS), settings);
    await broker.subscribed("frigate/events");
  });
  after(async () => {
    await nodeRed.stop();
    await broker.stop();
    frigate.close();
    removeFolder(home);
  });

  it("cuts the object of a finished event out of its snapshot, and takes no other event", async () => {
    const results: { topic: string; payload: string }[] = [];
    broker.onMessage((topic, payload) => {
      if (topic !== "frigate/events") results.push({ topic, payload: payload.toString() });
    });
    const after = { id: ID, camera: "yard", label: "coin", box: COIN, has_snapshot: true };
    for (const type of ["new", "update", "end"]) {
      await broker.publish("frigate/events", Buffer.from(JSON.stringify({ type, before: after, after })));
    }
    while (results.length === 0) await Promise.race([delay(100), nodeRed.crashed]);
    const [{ topic, payload } = { topic: "", payload: "" }] = results;
    const result = resultSchema.parse(JSON.parse(payload));
    assert.equal(topic, "frigate-segment/yard");
    assert.deepEqual([result.id, result.camera, result.label], [ID, "yard", "coin"]);
    assert.ok(result.area > 0.015 && result.area < 0.035, `area ${result.area}`);
    assert.deepEqual(asked, [`/api/events/${ID}/snapshot.jpg`]);
  });
});
