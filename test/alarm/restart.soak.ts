import assert from "node:assert/strict";
import { useKilledNodeRed } from "./killed-node-red";

const MINUTE = 60_000;

describe("an alarm in a Node-RED that is killed", function () {
  this.timeout(4 * MINUTE);
  const nodeRed = useKilledNodeRed();

  it("is neither raised again nor lost, nor is its acknowledgement", async () => {
    assert.equal((await nodeRed.send({ area: 5 })).state, "ok");
    const { since } = await nodeRed.send({ area: 11 });
    await nodeRed.send({ area: 5 });
    assert.deepEqual(nodeRed.raised(), ["ok", "alarm"]);

    await nodeRed.restart();
    const back = await nodeRed.send({ area: 5 });
    assert.deepEqual([back.state, back.previous, back.latched, back.since], ["alarm", "alarm", true, since]);
    assert.equal((await nodeRed.send({ error: { message: "no picture" } })).state, "unknown");
    assert.deepEqual(nodeRed.raised(), ["unknown"]);

    await nodeRed.restart();
    await nodeRed.send({ acknowledge: true });
    assert.deepEqual(nodeRed.raised(), [], "the alarm has ended, but the value is not known");
    await nodeRed.restart();
    const ended = await nodeRed.send({ area: 9 });
    assert.deepEqual([ended.state, ended.previous, ended.limit], ["ok", "unknown", null]);

    await nodeRed.restart();
    await nodeRed.send({ area: 5 });
    assert.deepEqual(nodeRed.raised(), []);
  });
});
