import assert from "node:assert/strict";
import type { ErrorCode } from "../../src/api";
import { json, text, type Fault } from "../support/scripted-service";
import { clientOf, closeAll, rejection, REQUEST, startService } from "./setup";

const named = (message: string, extra = {}): unknown => ({ error: { code: 1, message, ...extra } });

describe("client: what an error response means", () => {
  afterEach(closeAll);

  const starting: [string, Fault, ErrorCode, RegExp][] = [
    ["a bad prompt", json(400, named("boundingBox.xMin too big")), "invalid-prompt", /boundingBox.xMin too big/],
    ["an unprocessable prompt", json(422, named("no")), "invalid-prompt", /HTTP 422/],
    ["an unknown file, listed", json(400, named("bad", { missing: [{ id: 17 }] })), "file-not-found", /"fileId":17/],
    ["an unknown file, said", json(400, named("File ids not found: 17")), "file-not-found", /not found/],
    ["an unknown file, by 404", json(404, named("gone", { missing: [{ id: 17 }] })), "file-not-found", /"fileId":17/],
    ["no token", json(401, named("Unauthorized")), "unauthorized", /config node/],
    ["a token without the right", json(403, named("needs filesAcl:READ")), "unauthorized", /filesAcl:READ/],
    ["an unknown file, said by 404", json(404, named("File 17 not found")), "file-not-found", /File 17 not found/],
    [
      "a service that is gone",
      json(410, named("retired")),
      "not-available",
      /does not offer segmentation \(any more\).*embedded server take over/,
    ],
    ["a route that is gone", text(404, "text/html", "<h1>Not Found</h1>"), "not-available", /"Not Found"/],
    ["a fault of the service", json(500, named("oops")), "unreachable", /oops.*Try again later/],
    ["an error as text", json(400, { error: "plain words" }), "invalid-prompt", /plain words/],
    [
      "an error of OAuth's form",
      json(401, { error: "invalid_token", error_description: "expired" }),
      "unauthorized",
      /invalid_token: expired/,
    ],
    ["an error without a body", text(400, "text/plain", ""), "invalid-prompt", /empty body/],
    ["a redirect without a target", text(302, "text/plain", ""), "bad-answer", /HTTP 302/],
  ];
  for (const [name, fault, code, message] of starting) {
    it(`starting a job, ${name}: ${code}`, async () => {
      const service = await startService();
      service.fail(/./, fault);
      const error = await rejection(clientOf(service).startJob(REQUEST), code);
      assert.match(error.message, message);
      assert.match(error.message, /127\.0\.0\.1/);
    });
  }

  it("advises to send a number when an all-digits external id is unknown", async () => {
    const service = await startService();
    service.fail(/./, json(400, named("bad", { missing: [{ externalId: "17" }] })));
    const job = clientOf(service).startJob({ ...REQUEST, items: [{ fileExternalId: "17" }] });
    assert.match((await rejection(job, "file-not-found")).message, /for a file id send a number/);
  });

  it("an unknown job: job-not-found", async () => {
    const service = await startService();
    assert.match((await rejection(clientOf(service).getJob(4), "job-not-found")).message, /get job 4/);
  });

  it("cuts long texts and drops markup", async () => {
    const service = await startService();
    service.fail(/./, text(400, "text/html", `<html><style>p {}</style><p>${"x ".repeat(5000)}</p></html>`));
    const { message } = await rejection(clientOf(service).startJob(REQUEST), "invalid-prompt");
    assert.ok(message.length < 600, message);
    assert.doesNotMatch(message, /<p>|p \{/);
  });
});
