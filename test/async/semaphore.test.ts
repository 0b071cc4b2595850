import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Semaphore } from "../../src/async/semaphore";

describe("Semaphore", () => {
  const open = new AbortController().signal;

  /** Work that records when it begins, and ends when `end` is called. */
  function work() {
    const begun: number[] = [];
    const ends = new Map<number, () => void>();
    const start = (semaphore: Semaphore, index: number, signal = open): Promise<number> =>
      semaphore.run(signal, async () => {
        begun.push(index);
        await new Promise<void>((resolve) => ends.set(index, resolve));
        return index;
      });
    const end = async (index: number): Promise<void> => {
      ends.get(index)?.();
      await sleep(0);
    };
    return { begun, start, end };
  }

  it("begins as many as its size at once and the others in their order, as slots become free", async () => {
    const semaphore = new Semaphore(8);
    const { begun, start, end } = work();
    const all = Array.from({ length: 11 }, (_, index) => start(semaphore, index));
    await sleep(0);
    assert.deepEqual(begun, [0, 1, 2, 3, 4, 5, 6, 7]);
    await end(5);
    await end(0);
    assert.deepEqual(begun.slice(8), [8, 9]);
    for (const index of [1, 2, 3, 4, 6, 7, 8, 9]) await end(index);
    await end(10);
    assert.deepEqual(await Promise.all(all), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("lets the next begin after a failure", async () => {
    const semaphore = new Semaphore(8);
    const failed = Array.from({ length: 20 }, () => semaphore.run(open, () => Promise.reject(new Error("no"))));
    assert.ok((await Promise.allSettled(failed)).every(({ status }) => status === "rejected"));
    assert.equal(await semaphore.run(open, () => Promise.resolve("yes")), "yes");
  });

  it("does not let work that is held back hold up the others, nor count it twice", async () => {
    const semaphore = new Semaphore(8, { maxHoldMs: 300 });
    const { begun, start, end } = work();
    const all = Array.from({ length: 25 }, (_, index) => start(semaphore, index));
    await sleep(0);
    assert.equal(begun.length, 8);
    const count = (): number => begun.length;
    while (count() < 25) await sleep(10); // none of them ends, but each stops counting
    assert.deepEqual(
      begun,
      Array.from({ length: 25 }, (_, index) => index),
    );
    for (let index = 0; index < 25; index++) await end(index);
    await Promise.all(all);
    const later = Array.from({ length: 9 }, (_, index) => start(semaphore, index));
    await sleep(0);
    assert.equal(begun.length, 33, "eight slots, though each was freed twice");
    for (let index = 0; index < 9; index++) await end(index);
    await Promise.all(later);
  });

  it("begins nothing once the signal is aborted", async () => {
    const semaphore = new Semaphore(8);
    const closing = new AbortController();
    const { begun, start, end } = work();
    const all = Promise.allSettled(Array.from({ length: 10 }, (_, index) => start(semaphore, index, closing.signal)));
    await sleep(0);
    closing.abort();
    for (let index = 0; index < 8; index++) await end(index);
    assert.deepEqual((await all).map(({ status }) => status).slice(8), ["rejected", "rejected"]);
    assert.equal(begun.length, 8);
  });

  it("asks a function for its size each time", async () => {
    let size = 1;
    const semaphore = new Semaphore(() => size);
    const { begun, start, end } = work();
    const all = Array.from({ length: 5 }, (_, index) => start(semaphore, index));
    await sleep(0);
    assert.deepEqual(begun, [0]);
    size = 3;
    const newest = start(semaphore, 5);
    await sleep(0);
    assert.deepEqual(begun, [0, 1, 2], "those that waited begin first");
    await end(0);
    assert.deepEqual(begun, [0, 1, 2, 3]);
    for (const index of [1, 2, 3, 4, 5]) await end(index);
    await Promise.all([...all, newest]);
  });

  it("hands out its slots without a function that holds them", async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire(open);
    let isSecondBegun = false;
    const second = semaphore.acquire(open).then((free) => {
      isSecondBegun = true;
      free();
    });
    await sleep(0);
    assert.equal(isSecondBegun, false);
    release();
    release();
    await second;
    const last = await semaphore.acquire(open);
    await assert.rejects(semaphore.acquire(AbortSignal.timeout(20)), /aborted/);
    last();
  });
});
