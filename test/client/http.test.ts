import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { inspect } from "node:util";
import { ServiceError } from "../../src/api";
import { staticToken } from "../../src/client";
import { cut, cutHalfway, hang, json, text, type Fault, type SeenRequest } from "../support/scripted-service";
import { clientOf, closeAll, rejection, REQUEST, startService } from "./setup";

const SEGMENT = /^POST .*\/segment$/;
const later = (seconds: string): Fault => json(429, { error: "slow down" }, { "retry-after": seconds });

describe("client: requests", () => {
  afterEach(closeAll);

  it("sends the contract's headers and body", async () => {
    const service = await startService();
    service.token = "secret-token";
    const job = await clientOf(service, { tokens: staticToken("secret-token") }).startJob(REQUEST);
    assert.equal(job.status, "Queued");
    const [seen] = service.requests;
    assert.equal(seen?.path, "/api/v1/projects/plant/context/vision/segment");
    assert.equal(seen.headers.authorization, "Bearer secret-token");
    assert.equal(seen.headers["cdf-version"], "beta");
    assert.match(String(seen.headers["x-cdp-app"]), /^node-red-segment\/\d/);
    assert.match(String(seen.headers["user-agent"]), /^node-red-segment\/\d/);
    assert.equal(seen.headers["content-type"], "application/json");
    assert.deepEqual(JSON.parse(seen.body.toString()), REQUEST);
  });

  it("asks for several candidates by a header, and for one without", async () => {
    const service = await startService();
    const client = clientOf(service);
    for (const candidates of [undefined, 1, 3]) await client.startJob(REQUEST, { candidates });
    const asked = service.requests.map(({ headers }) => headers["x-segment-candidates"]);
    assert.deepEqual(asked, [undefined, undefined, "3"]);
  });

  for (const [what, response] of [
    ["an error", json(403, { error: { code: 403, message: "no rights for secret-token" } })],
    ["text", text(200, "text/plain", "you sent secret-token")],
    ["a wrong form", json(200, { jobId: "secret-token" })],
  ] as const) {
    it(`keeps the token out of a message when the service repeats it in ${what}`, async () => {
      const service = await startService();
      service.fail(SEGMENT, response);
      const started = clientOf(service, { tokens: staticToken("secret-token") }).startJob(REQUEST);
      const error: unknown = await started.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof ServiceError);
      assert.doesNotMatch(inspect(error, { depth: 9 }), /secret-token/);
    });
  }

  it("keeps the path of a base URL and fields that it does not know", async () => {
    const service = await startService();
    service.fail(/^POST \/prefix\/api/, json(200, { jobId: 5, status: "Queued", novel: { deep: true } }));
    const job = await clientOf({ url: `${service.url}/prefix//` }).startJob(REQUEST);
    assert.deepEqual(job, { jobId: 5, status: "Queued", novel: { deep: true } });
  });

  for (const [name, fault] of Object.entries<Fault>({
    "429": json(429, {}),
    "408": json(408, {}),
    "502 with HTML": text(502, "text/html", "<html>bad gateway</html>"),
    "503": json(503, {}),
    "504": json(504, {}),
    "a status that says it may be repeated": json(409, {}, { "cdf-is-auto-retryable": "true" }),
    "a reset before the response": cut,
    "a reset in the middle of the response": cutHalfway,
  })) {
    it(`repeats after ${name}, with the same idempotency key`, async () => {
      const service = await startService();
      service.fail(SEGMENT, fault, fault);
      await clientOf(service).startJob(REQUEST);
      assert.equal(service.requests.length, 3);
      assert.equal(new Set(service.requests.map(({ headers }) => headers["idempotency-key"])).size, 1);
    });
  }

  it("repeats after a time-out and gives up after so many retries", async () => {
    const service = await startService();
    service.fail(SEGMENT, hang, hang, hang);
    const error = await rejection(clientOf(service, { retries: 2, timeoutMs: 50 }).startJob(REQUEST), "unreachable");
    assert.match(error.message, /no answer within 0.05 s/);
    assert.match(error.message, new RegExp(new URL(service.url).host));
    assert.equal(service.requests.length, 3);
  });

  it("times out a response that trickles for ever", async () => {
    const service = await startService();
    service.fail(SEGMENT, (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const timer = setInterval(() => response.write(" "), 10);
      response.once("close", () => clearInterval(timer));
    });
    await rejection(clientOf(service, { retries: 0, timeoutMs: 100 }).startJob(REQUEST), "unreachable");
  });

  it("gives up after so many retries with the service's last words", async () => {
    const service = await startService();
    service.fail(SEGMENT, ...Array<Fault>(4).fill(json(503, { error: { code: 503, message: "in maintenance" } })));
    const error = await rejection(clientOf(service).startJob(REQUEST), "unreachable");
    assert.match(error.message, /in maintenance \(HTTP 503\).*request req-7/);
    assert.ok(error instanceof ServiceError);
    assert.equal(error.status, 503);
    assert.equal(service.requests.length, 4);
  });

  it("does not count throttling as retries", async () => {
    const service = await startService();
    service.fail(SEGMENT, ...Array<Fault>(6).fill(later("0")));
    await clientOf(service, { retries: 0 }).startJob(REQUEST);
    assert.equal(service.requests.length, 7);
  });

  it("ends throttling as overloaded when its patience is over", async () => {
    const service = await startService();
    service.fail(SEGMENT, ...Array<Fault>(500).fill(json(503, {}, { "retry-after": "0" })));
    const client = clientOf(service, { retries: 0, delays: { patienceMs: 60 } });
    await rejection(client.startJob(REQUEST), "overloaded");
    assert.ok(service.requests.length > 2);
  });

  it("repeats at once after the reset of a reused connection, once a request", async () => {
    const service = await startService();
    const client = clientOf(service, { retries: 0, delays: { backoffMs: 60_000 } });
    await client.startJob(REQUEST);
    service.fail(SEGMENT, cut);
    await client.startJob(REQUEST);
    assert.equal(service.requests.length, 3);
    service.fail(SEGMENT, cut, cut);
    await rejection(client.startJob(REQUEST), "unreachable");
    assert.equal(service.requests.length, 5);
    service.fail(SEGMENT, cut);
    await rejection(client.startJob(REQUEST), "unreachable");
    assert.equal(service.requests.length, 6, "a new connection that is reset is a failure");
  });

  it("keeps its patience and pauses when this machine's clock jumps", async () => {
    const service = await startService();
    const now = Date.now.bind(Date);
    const hour = 3600_000;
    let jump = 0;
    const jumping: Fault = (request, response) => {
      Date.now = () => now() + (jump = jump === hour ? -hour : hour);
      later("0")(request, response);
    };
    const soon = (request: SeenRequest, response: ServerResponse): void => {
      const date = new Date(now());
      const headers = { date: date.toUTCString(), "retry-after": new Date(date.getTime() + 1000).toUTCString() };
      json(429, {}, headers)(request, response);
    };
    try {
      service.fail(SEGMENT, jumping, jumping, soon, jumping);
      await clientOf(service, { retries: 0 }).startJob(REQUEST);
      assert.equal(service.requests.length, 5);
    } finally {
      Date.now = now;
    }
  });

  it("does not wait at all for a Retry-After beyond its patience", async () => {
    const service = await startService();
    service.fail(SEGMENT, later("3600"));
    await rejection(clientOf(service).startJob(REQUEST), "overloaded");
    assert.equal(service.requests.length, 1);
  });

  it("waits as long as Retry-After says, in seconds or as a date", async () => {
    const service = await startService();
    const times: number[] = [];
    const date = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2000);
    for (const retryAfter of ["1", date.toUTCString()]) {
      service.fail(SEGMENT, (request, response) => {
        times.push(Date.now());
        later(retryAfter)(request, response);
      });
    }
    service.onStart = () => times.push(Date.now());
    await clientOf(service).startJob(REQUEST);
    assert.ok(times[1]! - times[0]! >= 999, `${times[1]! - times[0]!} ms`);
    assert.ok(times[2]! >= date.getTime() - 1, `${times[2]! - date.getTime()} ms`);
  });

  it("does not repeat what was refused for good", async () => {
    const service = await startService();
    service.fail(SEGMENT, json(400, { error: { code: 400, message: "points[0].x must be <= 1" } }));
    const error = await rejection(clientOf(service).startJob(REQUEST), "invalid-prompt");
    assert.match(error.message, /points\[0\]\.x must be <= 1 \(HTTP 400\)/);
    assert.equal(service.requests.length, 1);
  });

  it("refuses a wrong token once and says where to change it", async () => {
    const service = await startService();
    service.token = "right";
    const client = clientOf(service, { tokens: staticToken("wrong-secret") });
    const error = await rejection(client.startJob(REQUEST), "unauthorized");
    assert.match(error.message, /token in the config node/);
    assert.doesNotMatch(inspect(error, { depth: 9 }), /wrong-secret/);
    assert.equal(service.requests.length, 1);
  });

  it("follows no redirect with a token, and names the other address", async () => {
    const [service, other] = [await startService(), await startService()];
    service.fail(SEGMENT, text(307, "text/plain", "", { location: `${other.url}/api` }));
    const error = await rejection(clientOf(service, { tokens: staticToken("s3cret") }).startJob(REQUEST), "bad-answer");
    assert.match(error.message, new RegExp(`redirects to ${other.url}`));
    assert.deepEqual(other.log, []);
  });

  it("names the host of an unreachable service, but no secret", async () => {
    const service = await startService();
    const { url } = service;
    await service.close();
    const client = clientOf({ url }, { tokens: staticToken("s3cret"), retries: 1 });
    const error = await rejection(client.startJob(REQUEST), "unreachable");
    assert.match(error.message, new RegExp(`${new URL(url).host}.*ECONNREFUSED`));
    assert.doesNotMatch(inspect(error, { depth: 9 }), /s3cret/);
  });

  it("asks for the address at every attempt", async () => {
    const [first, second] = [await startService(), await startService()];
    first.fail(SEGMENT, cut);
    const urls = [first.url, second.url];
    const client = clientOf(first, { baseUrl: () => Promise.resolve(urls.shift() ?? "") });
    await client.startJob(REQUEST);
    assert.deepEqual([first.log.length, second.log.length], [1, 1]);
  });

  it("refuses an address that is no web address", async () => {
    await rejection(clientOf({ url: "localhost:1880" }).startJob(REQUEST), "no-config");
    await rejection(clientOf({ url: "" }).startJob(REQUEST), "no-config");
  });

  it("turns responses that are not of the contract into bad-answer", async () => {
    const service = await startService();
    const client = clientOf(service);
    service.fail(SEGMENT, text(200, "text/html", "<html><head><title>x</title></head><body>Sign in</body></html>"));
    assert.match(
      (await rejection(client.startJob(REQUEST), "bad-answer")).message,
      /not JSON: "Sign in" \(text\/html\)/,
    );
    service.fail(SEGMENT, json(200, { jobId: "five", status: "Queued" }));
    assert.match((await rejection(client.startJob(REQUEST), "bad-answer")).message, /jobId/);
    service.fail(SEGMENT, text(200, "application/json", '{"jobId": 90071992547409931, "status": "Queued"}'));
    await rejection(client.startJob(REQUEST), "bad-answer");
    service.fail(SEGMENT, text(200, "application/json", '{"jobId": 5, "sta'));
    await rejection(client.startJob(REQUEST), "bad-answer");
    assert.equal(service.requests.length, 4);
  });

  it("stops reading a response that is too long", async () => {
    const service = await startService();
    service.fail(SEGMENT, (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const chunk = Buffer.alloc(2 ** 20, 32);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", more);
      more();
    });
    const error = await rejection(clientOf(service).startJob(REQUEST), "bad-answer");
    assert.match(error.message, /longer than/);
    assert.equal(service.requests.length, 1);
  });

  it("ends as cancelled when its signal aborts: in flight, between retries, before it began", async () => {
    const service = await startService();
    const client = clientOf(service);
    for (const fault of [hang, json(429, {}, { "retry-after": "4" })]) {
      const stop = new AbortController();
      service.fail(SEGMENT, fault);
      const pending = client.startJob(REQUEST, { signal: stop.signal });
      setTimeout(() => stop.abort(), 50);
      await rejection(pending, "cancelled");
    }
    await rejection(client.startJob(REQUEST, { signal: AbortSignal.abort() }), "cancelled");
    assert.equal(service.requests.length, 2);
  });

  it("cancels everything at close", async () => {
    const service = await startService();
    service.fail(SEGMENT, hang, hang);
    const client = clientOf(service, { concurrency: 2 });
    const pending = [1, 2, 3].map(() => client.startJob(REQUEST));
    setTimeout(() => client.close(), 50);
    for (const promise of pending) await rejection(promise, "cancelled");
    await rejection(client.startJob(REQUEST), "cancelled");
    assert.equal(service.requests.length, 2);
  });

  it("keeps to its concurrency, and one signal may serve many requests", async () => {
    const service = await startService();
    let open = 0;
    let most = 0;
    const slow: Fault = (_request, response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        json(200, { jobId: 1, status: "Queued" })(_request, response);
      }, 10);
    };
    service.fail(SEGMENT, ...Array<Fault>(30).fill(slow));
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    const client = clientOf(service, { concurrency: 3 });
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 30 }, () => client.startJob(REQUEST, { signal })));
    process.off("warning", onWarning);
    assert.equal(most, 3);
    assert.deepEqual(warnings, []);
  });

  for (const name of ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]) {
    it(`never goes through the environment's ${name} to a server on this machine`, async () => {
      const [service, proxy] = [await startService(), await startService()];
      const names = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"];
      const before = names.map((each) => process.env[each]);
      names.forEach((each) => Reflect.deleteProperty(process.env, each));
      process.env[name] = proxy.url;
      try {
        for (const host of ["127.0.0.1", "127.0.0.2", "localhost", "[::1]"]) {
          const { port } = new URL(service.url);
          const client = clientOf({ url: `http://${host}:${port}` }, { retries: 0, tokens: staticToken("secret") });
          await client.startJob(REQUEST).catch(() => undefined); // not every machine has each of these addresses
          assert.deepEqual(proxy.log, [], host);
        }
        assert.ok(service.requests.length > 0);
        // The same request to another machine does go there: the proxy above was a real trap.
        await clientOf({ url: "http://plant.example" }, { retries: 0 })
          .startJob(REQUEST)
          .catch(() => undefined);
        assert.equal(proxy.log.length, 1);
      } finally {
        names.forEach((each, index) => {
          if (before[index] === undefined) Reflect.deleteProperty(process.env, each);
          else process.env[each] = before[index];
        });
      }
    });
  }
});
