import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { waitFor, type Bounds, type PendingWait } from "../../src/async/wait-for";

describe("waitFor", () => {
  const open = new AbortController().signal;
  const never = (): never => assert.fail("ended by its bounds");
  const aborted = (): never => {
    throw new Error("aborted");
  };

  /** A wait, and how often it was taken back. */
  function waiting(bounds: Partial<Bounds<string>>) {
    const left: number[] = [];
    let given: PendingWait<string> | undefined;
    const result = waitFor<string>(
      (wait) => {
        given = wait;
        return () => left.push(performance.now());
      },
      { signal: open, onAbort: never, ...bounds },
    );
    return { left, result, wait: given };
  }

  it("ends by its result, once", async () => {
    const { left, result, wait } = waiting({ ms: 20, onTimeout: never });
    wait?.resolve("first");
    wait?.resolve("second");
    wait?.reject(new Error("third"));
    assert.equal(await result, "first");
    await sleep(40);
    assert.equal(left.length, 1);
    assert.equal(getEventListeners(open, "abort").length, 0);
  });

  it("ends by an error", async () => {
    const { left, result, wait } = waiting({});
    wait?.reject(new Error("no"));
    await assert.rejects(result, /^Error: no$/);
    assert.equal(left.length, 1);
  });

  it("ends when the signal aborts, by an error or a result", async () => {
    for (const [onAbort, check] of [
      [aborted, (result: Promise<string>) => assert.rejects(result, /aborted/)],
      [() => "enough", async (result: Promise<string>) => assert.equal(await result, "enough")],
    ] as const) {
      const stop = new AbortController();
      const { left, result } = waiting({ signal: stop.signal, onAbort, ms: 20, onTimeout: never });
      stop.abort();
      assert.equal(left.length, 1);
      await check(result);
      await sleep(40);
      assert.equal(left.length, 1);
    }
  });

  it("does not begin when the signal is aborted already", async () => {
    const { result, wait } = waiting({ signal: AbortSignal.abort(), onAbort: aborted });
    await assert.rejects(result, /aborted/);
    assert.equal(wait, undefined);
  });

  it("ends when the time is over, also without a signal", async () => {
    const { left, result, wait } = waiting({ signal: undefined, ms: 20, onTimeout: () => "late" });
    assert.equal(await result, "late");
    wait?.resolve("later");
    assert.equal(left.length, 1);
  });

  it("ends while it is being handed out, and is taken back afterwards", async () => {
    let left = 0;
    const result = waitFor<string>(
      (wait) => {
        wait.resolve("at once");
        return () => left++;
      },
      { signal: open, onAbort: never, ms: 10, onTimeout: never },
    );
    assert.equal(left, 1);
    assert.equal(await result, "at once");
    await sleep(20);
    assert.equal(getEventListeners(open, "abort").length, 0);
  });
});
