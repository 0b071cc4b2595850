// The example "Many cameras, newest picture only" as it is imported, with a real broker.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { startBroker, type Broker } from "../../tools/broker";
import { numbered, takePictures } from "../../tools/moving-parts";
import { linkPackage, startNodeRed, type Flow, type RunningNodeRed } from "../../tools/node-red";
import { removeFolder } from "../../tools/remove-folder";
import { HANG_MS } from "../support/limits";

const EXAMPLE = join(__dirname, "..", "..", "examples", "Many cameras, newest picture only.json");

const resultSchema = z.strictObject({
  camera: z.string(),
  received: z.number(),
  found: z.number(),
  area: z.number(),
  score: z.number(),
});

describe("the example Many cameras, newest picture only", () => {
  let broker: Broker;
  let home: string;
  let nodeRed: RunningNodeRed;
  before(async () => {
    broker = await startBroker();
    home = mkdtempSync(join(tmpdir(), "segment-cameras-"));
    await linkPackage(home);
    const flow = (JSON.parse(readFileSync(EXAMPLE, "utf8")) as Flow).map((node) =>
      node.type === "mqtt-broker" ? { ...node, broker: "127.0.0.1", port: String(broker.port) } : node,
    );
    nodeRed = await startNodeRed(home, flow, AbortSignal.timeout(HANG_MS));
  });
  after(async () => {
    await nodeRed.stop();
    await broker.stop();
    removeFolder(home);
  });

  it("sends a result of each camera back, and skips what is older than its newest picture", async () => {
    const results: { topic: string; result: z.infer<typeof resultSchema> }[] = [];
    broker.onMessage((topic, payload) => {
      results.push({ topic, result: resultSchema.parse(JSON.parse(payload.toString())) });
    });
    const [picture] = await takePictures(1);
    await broker.subscribed("+/camera/image");
    for (let number = 0; number < 20; number++) {
      await broker.publish("press1/camera/image", numbered(picture!, number));
      if (number === 0) await broker.publish("press2/camera/image", numbered(picture!, 100));
    }

    const of = (camera: string): typeof results => results.filter(({ result }) => result.camera === camera);
    // The first picture of a camera starts at once, the last one when that has ended.
    while (of("press1").length < 2 || of("press2").length < 1) {
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 100)), nodeRed.crashed]);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.ok(of("press1").length < 20, "none was skipped");
    const received = of("press1").map(({ result }) => result.received);
    assert.deepEqual(
      received,
      received.toSorted((a, b) => a - b),
      "an older picture came after a newer one",
    );
    for (const { topic, result } of results) {
      assert.equal(topic, `${result.camera}/camera/result`);
      assert.equal(result.found, 1);
      assert.ok(result.area > 0.02 && result.area < 0.08, `area ${result.area}`);
    }
  });
});
