import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Order } from "../../src/async/order";

describe("Order", () => {
  it("gives each slot of a key its turn when the older ones have left, whichever leaves first", async () => {
    const order = new Order();
    const turns: string[] = [];
    const enter = (key: string, name: string): (() => void) => {
      const { turn, leave } = order.enter(key);
      void turn.then(() => turns.push(name));
      return leave;
    };
    const [first, second] = [enter("a", "first"), enter("a", "second")];
    enter("a", "third");
    enter("b", "other key");
    await sleep(0);
    assert.deepEqual(turns, ["first", "other key"]);
    second();
    await sleep(0);
    assert.deepEqual(turns, ["first", "other key"]);
    first();
    await sleep(0);
    assert.deepEqual(turns, ["first", "other key", "second", "third"]);
  });
});
