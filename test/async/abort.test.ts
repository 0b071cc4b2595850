import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { linkAbort, onAbort } from "../../src/async/abort";
import { Semaphore } from "../../src/async/semaphore";

describe("onAbort", () => {
  it("calls back once, in the order of attaching, and at once when the signal has aborted", () => {
    const controller = new AbortController();
    const calls: string[] = [];
    const first = (): void => void calls.push("first");
    onAbort(controller.signal, first);
    onAbort(controller.signal, first);
    onAbort(controller.signal, () => calls.push("second"))();
    onAbort(controller.signal, () => calls.push("third"));
    controller.abort();
    assert.deepEqual(calls, ["first", "first", "third"]);
    onAbort(controller.signal, () => calls.push("late"));
    assert.deepEqual(calls.slice(3), ["late"]);
  });

  it("does not call back what is detached while it calls back", () => {
    const controller = new AbortController();
    const calls: string[] = [];
    onAbort(controller.signal, () => detach());
    const detach = onAbort(controller.signal, () => calls.push("detached"));
    controller.abort();
    assert.deepEqual(calls, []);
  });

  it("adds one listener to a signal, however many wait on it", async () => {
    const node = new AbortController();
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire(node.signal);
    const waiting = Array.from({ length: 5000 }, () => semaphore.run(node.signal, () => Promise.resolve()));
    const links = Array.from({ length: 100 }, () => linkAbort(node.signal));
    await Promise.resolve();
    assert.equal(getEventListeners(node.signal, "abort").length, 1);
    node.abort();
    release();
    const ended = await Promise.allSettled(waiting);
    assert.ok(ended.every(({ status }) => status === "rejected"));
    assert.ok(links.every(({ signal }) => signal.aborted));
  });
});
