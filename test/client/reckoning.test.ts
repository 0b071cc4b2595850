import assert from "node:assert/strict";
import { jobFailure, jobTimings } from "../../src/client";
import { retryAfterMs } from "../../src/client/retry";
import { pollPauseMs } from "../../src/client/interval-poll";

describe("client: reckoning", () => {
  it("polls more rarely the older a job is", () => {
    const delays = { minPollMs: 1000, maxPollMs: 10_000 };
    for (const [age, pause] of [
      [0, 1000],
      [10_000, 1000],
      [30_000, 3000],
      [1e6, 10_000],
    ] as const) {
      for (let turn = 0; turn < 50; turn++) {
        const got = pollPauseMs(age, delays);
        assert.ok(got >= pause * 0.9 && got <= pause * 1.1, `${got} for ${age}`);
      }
    }
  });

  it("reads Retry-After as seconds or as a date, which it compares with the date of the response", () => {
    const date = "Wed, 21 Oct 2026 07:28:00 GMT";
    assert.equal(retryAfterMs({ "retry-after": "7", date }), 7000);
    assert.equal(retryAfterMs({ "retry-after": "Wed, 21 Oct 2026 07:28:05 GMT", date }), 5000);
    assert.equal(retryAfterMs({ "retry-after": "Wed, 21 Oct 2026 07:27:00 GMT", date }), 0);
    const inMinute = new Date(Date.now() + 60_000).toUTCString();
    const withoutDate = retryAfterMs({ "retry-after": inMinute }) ?? 0;
    assert.ok(withoutDate > 50_000 && withoutDate <= 60_000, `${withoutDate}`);
    assert.equal(retryAfterMs({ "retry-after": "soon", date }), undefined);
    assert.equal(retryAfterMs({}), undefined);
  });

  it("computes a job's timings, as far as the service reports the times", () => {
    const times = { createdTime: 1000, startTime: 1200, statusTime: 1900 };
    assert.deepEqual(jobTimings(times), { queuedMs: 200, runningMs: 700, totalMs: 900 });
    assert.deepEqual(jobTimings({ ...times, startTime: null }), { totalMs: 900 });
    assert.deepEqual(jobTimings({}), {});
    assert.deepEqual(jobTimings({ createdTime: 5, startTime: 4, statusTime: 4 }).queuedMs, 0);
  });

  it("distinguishes a failed job from an empty result", () => {
    const job = { jobId: 4, status: "Completed" };
    assert.equal(jobFailure({ ...job, items: [{ fileId: 1, segments: [] }] }), undefined);
    assert.equal(jobFailure(job), undefined);
    const items = [{ fileId: 1 }];
    assert.equal(jobFailure({ ...job, items, failedItems: [{ errorMessage: "x" }] }), undefined);
    const failure = jobFailure({ ...job, items: [], failedItems: [{ errorMessage: "not a picture" }] });
    assert.deepEqual([failure?.code, failure?.message], ["job-failed", "Job 4 failed: not a picture"]);
    assert.match(jobFailure({ ...job, status: "Failed", errorMessage: "broken" })?.message ?? "", /broken/);
    assert.match(jobFailure({ ...job, status: "Failed" })?.message ?? "", /no reason/);
  });
});
