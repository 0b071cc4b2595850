import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { SingleFlight } from "../../src/async/single-flight";

describe("SingleFlight", () => {
  /** Work that ends after 20 ms, and knows how often it began and was aborted. */
  function work() {
    const seen = { begun: 0, aborted: 0 };
    const flight = new SingleFlight(async (signal) => {
      const run = ++seen.begun;
      signal.addEventListener("abort", () => seen.aborted++);
      await sleep(20, undefined, { signal });
      return run;
    });
    return { seen, flight };
  }
  const open = new AbortController().signal;

  it("lets callers share one run; the next one is a new run", async () => {
    const { seen, flight } = work();
    assert.deepEqual(await Promise.all([flight.run(open), flight.run(open)]), [1, 1]);
    assert.equal(await flight.run(open), 2);
    assert.deepEqual(seen, { begun: 2, aborted: 0 });
  });

  it("goes on while one caller is left", async () => {
    const { seen, flight } = work();
    const stop = new AbortController();
    const first = flight.run(stop.signal);
    const second = flight.run(open);
    stop.abort();
    await assert.rejects(first, /aborted/);
    assert.equal(await second, 1);
    assert.deepEqual(seen, { begun: 1, aborted: 0 });
  });

  it("is aborted with the last caller, and the next caller gets a new run", async () => {
    const { seen, flight } = work();
    const stop = new AbortController();
    const both = Promise.allSettled([flight.run(stop.signal), flight.run(stop.signal)]);
    stop.abort();
    assert.deepEqual(seen, { begun: 1, aborted: 1 });
    assert.equal(await flight.run(open), 2);
    assert.deepEqual((await both).map(({ status }) => status), ["rejected", "rejected"]); // prettier-ignore
    await assert.rejects(flight.run(AbortSignal.abort()), /aborted/);
    assert.equal(seen.begun, 2);
  });
});
