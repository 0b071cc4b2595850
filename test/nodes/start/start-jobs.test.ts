import assert from "node:assert/strict";
import { startJobs } from "../../../nodes/start/start-jobs.lazy";
import { SegmentError, ServiceError } from "../../../src/api";
import type { PlannedJob } from "../../../src/prompt";
import { clientOf, closeAll, REQUEST, startService } from "../../client/setup";
import { json } from "../../support/scripted-service";

const JOB: PlannedJob = { request: REQUEST, prompt: { points: REQUEST.points } };

describe("startJobs", () => {
  afterEach(closeAll);

  it("names the jobs already started in an error like the service's", async () => {
    const service = await startService();
    const start = /^POST .*\/segment$/;
    service.fail(start, json(200, { jobId: 5, status: "Queued" }), json(400, { error: { message: "no such mask" } }));
    const failure: unknown = await startJobs(clientOf(service), [JOB, JOB], {
      signal: new AbortController().signal,
    }).catch((error: unknown) => error);
    assert.ok(failure instanceof ServiceError);
    assert.equal(failure.status, 400);
    assert.match(failure.message, /no such mask.* Jobs already started: 5\. \(request req-7\)$/);
    assert.equal(failure.requestId, "req-7");
  });
});

describe("an error with a sentence added", () => {
  it("is a new one, as the first may be shared", () => {
    for (const error of [
      new ServiceError("unauthorized", "Refused.", 401, "r1"),
      new ServiceError("unauthorized", "Refused.", 401, undefined),
      new SegmentError("unreachable", "Gone."),
    ]) {
      const { message } = error;
      const added = error.adding("Mind the gap.");
      assert.equal(error.message, message);
      assert.equal(added.constructor, error.constructor);
      assert.deepEqual(Object.entries(added), Object.entries(error));
      assert.match(added.message, /\. Mind the gap\.( \(request r1\))?$/);
    }
  });
});
