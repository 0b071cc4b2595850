import assert from "node:assert/strict";
import { useKilledNodeRed } from "./killed-node-red";

// restart.soak.ts kills it in each state.
describe("an alarm in a Node-RED that is killed once", () => {
  const nodeRed = useKilledNodeRed();

  it("is not raised again", async () => {
    const { since } = await nodeRed.send({ area: 11 });
    await nodeRed.send({ area: 5 });
    assert.deepEqual(nodeRed.raised(), ["alarm"]);

    await nodeRed.restart();
    const back = await nodeRed.send({ area: 5 });
    assert.deepEqual([back.state, back.previous, back.latched, back.since], ["alarm", "alarm", true, since]);
    assert.deepEqual(nodeRed.raised(), []);
  });
});
