import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import http from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { jobsSchema, type Job } from "../../src/api";
import { parseScript, Simulator, type WrittenScript } from "../../src/simulator";
import { disc, errorOf, runCli, SEGMENT, ServerProcess, TestClient, TestServer, TOKEN } from "../server/support";

const INSPECT = "/api/v1/token/inspect";

/** What a raw client sees of one exchange: all that arrives until the connection ends, and its error. */
interface Seen {
  text: string;
  error: string | undefined;
}

/** Sends a request over its own connection; reads for `ms` at most. */
function ask(url: string, { method = "GET", path = INSPECT, body = "", ms = 5000 } = {}): Promise<Seen> {
  const { hostname, port, host } = new URL(url);
  const head = [
    `${method} ${path} HTTP/1.1`,
    `host: ${host}`,
    `authorization: Bearer ${TOKEN}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let error: string | undefined;
    const socket = connect(Number(port), hostname);
    const timer = setTimeout(() => {
      error = "nothing more arrived";
      socket.destroy();
    }, ms);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", (reason: NodeJS.ErrnoException) => (error = reason.code));
    socket.on("close", () => {
      clearTimeout(timer);
      resolve({ text: Buffer.concat(chunks).toString("latin1"), error });
    });
    socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  });
}

describe("the simulator", function () {
  this.timeout(60_000);
  let server: TestServer;
  const open: Simulator[] = [];
  before(async () => {
    server = await TestServer.start({ engine: "graphcut" });
  });
  after(() => server.close());
  afterEach(async () => {
    for (const simulator of open.splice(0)) await simulator.close();
  });

  async function simulate(script: WrittenScript): Promise<Simulator> {
    const simulator = await Simulator.start({
      target: { url: server.url, token: TOKEN },
      script: parseScript(script, "test"),
      host: "127.0.0.1",
      port: 0,
      log: () => undefined,
    });
    open.push(simulator);
    return simulator;
  }

  /** What the first request sees of a fault. The second one must pass. */
  async function once(fault: NonNullable<WrittenScript["rules"]>[number]["do"], ms?: number): Promise<Seen> {
    const { url } = await simulate({ rules: [{ times: 1, do: fault }] });
    const seen = await ask(url, { ms });
    assert.match((await ask(url)).text, /^HTTP\/1\.1 200 OK[^]*"segment-server"/);
    return seen;
  }

  it("passes requests and responses on, and links to pictures go through it", async () => {
    const { url } = await simulate({});
    const client = new TestClient(url);
    const fileId = await client.upload(await disc());
    const links = await client.http.post("/api/v1/projects/plant/files/downloadlink", { items: [{ id: fileId }] });
    assert.ok(JSON.stringify(links.data).includes(url));
    const job = await client.ended((await client.start(fileId)).jobId);
    assert.equal(job.status, "Completed");
    assert.equal((await client.http.get("/nowhere")).status, 404);
    assert.equal((await new TestClient(url, "another").http.get(INSPECT)).status, 401);
  });

  it("reset-before: the connection is reset, and the server does not see the request", async () => {
    const { url } = await simulate({ rules: [{ do: { fault: "reset-before" } }] });
    const fileId = await server.upload(await disc());
    const before = server.logged.length;
    const seen = await ask(url, { method: "POST", path: "/api/v1/projects/plant/files/delete", body: `{"items":[{"id":${fileId}}]}` }); // prettier-ignore
    assert.deepEqual(seen, { text: "", error: "ECONNRESET" });
    await server.start(fileId); // it is still there
    assert.equal(server.logged.length, before);
  });

  it("reset-after: the server has handled the request", async () => {
    const { url } = await simulate({ rules: [{ do: { fault: "reset-after" } }] });
    const fileId = await server.upload(await disc());
    const seen = await ask(url, { method: "POST", path: "/api/v1/projects/plant/files/delete", body: `{"items":[{"id":${fileId}}]}` }); // prettier-ignore
    assert.deepEqual(seen, { text: "", error: "ECONNRESET" });
    errorOf(await server.http.post(SEGMENT, { items: [{ fileId }], points: [{ x: 0.5, y: 0.5 }] }), 400);
  });

  it("refuse: open connections are cut and new ones refused, for a while", async () => {
    const { url } = await simulate({ rules: [{ nth: 2, do: { fault: "refuse", seconds: 0.5 } }] });
    const agent = new http.Agent({ keepAlive: true });
    const idle = await new Promise<http.IncomingMessage>((resolve) => http.get(`${url}/health`, { agent }, resolve));
    idle.resume();
    const cut = new Promise((resolve) => idle.socket.once("close", resolve));
    assert.equal((await ask(url)).text, "");
    await cut;
    assert.equal((await ask(url)).error, "ECONNREFUSED");
    while ((await ask(url)).error === "ECONNREFUSED") await sleep(50);
    assert.match((await ask(url)).text, /^HTTP\/1\.1 200/);
  });

  it("hang: no response arrives", async () => {
    assert.deepEqual(await once({ fault: "hang" }, 300), { text: "", error: "nothing more arrived" });
  });

  it("drip: the response arrives byte by byte, from its head on, and is complete in the end", async () => {
    const { text, error } = await once({ fault: "drip", bytesPerSecond: 20 }, 700);
    assert.equal(error, "nothing more arrived");
    assert.ok("HTTP/1.1 200 OK".startsWith(text) && text.length > 0, text);
    const whole = await once({ fault: "drip", bytesPerSecond: 1000 });
    assert.equal(whole.error, undefined);
    assert.match(whole.text, /^HTTP\/1\.1 200 OK\r\n[^]*\}$/);
  });

  it("truncate: half of the body arrives", async () => {
    const { text } = await once({ fault: "truncate" });
    const [head = "", body = ""] = text.split("\r\n\r\n");
    const length = Number(/content-length: (\d+)/.exec(head)?.[1]);
    assert.equal(body.length, Math.floor(length / 2));
  });

  it("status: with body, headers and Retry-After", async () => {
    const plain = await once({ fault: "status", status: 503 });
    assert.match(plain.text, /^HTTP\/1\.1 503 [^]*\{"error":\{"code":503,"message":"[^"]+"\}\}$/);
    assert.doesNotMatch(plain.text, /retry-after/i);
    const text = await once({ fault: "status", status: 429, body: "slow down", retryAfter: 7 });
    assert.match(text.text, /^HTTP\/1\.1 429 [^]*retry-after: 7\r\n[^]*\r\n\r\nslow down$/);
    const object = await once({
      fault: "status",
      status: 500,
      body: { error: "x" },
      headers: { "cdf-is-auto-retryable": "true" },
      retryAfterDate: 60,
    });
    assert.match(object.text, /^HTTP\/1\.1 500 [^]*cdf-is-auto-retryable: true\r\n[^]*\{"error":"x"\}$/);
    const date = Date.parse(/retry-after: (.*)\r/.exec(object.text)?.[1] ?? "");
    assert.ok(Math.abs(date - Date.now() - 60_000) < 10_000);
  });

  it("not-json, html, wrong-schema: responses that break the contract", async () => {
    const bodyOf = ({ text }: Seen): string => /^HTTP\/1\.1 200 OK\r\n[^]*?\r\n\r\n([^]*)$/.exec(text)?.[1] ?? "";
    const notJson = bodyOf(await once({ fault: "not-json" }));
    assert.throws(() => void JSON.parse(notJson));
    assert.match((await once({ fault: "html" })).text, /content-type: text\/html\r\n[^]*<h1>/);
    assert.deepEqual(JSON.parse(bodyOf(await once({ fault: "wrong-schema" }))), { hello: "world" });
  });

  it("oversized: the given number of megabytes of JSON", async () => {
    const { text } = await once({ fault: "oversized", megabytes: 2 });
    assert.ok(text.length > 2 * 2 ** 20 && text.length < 2.1 * 2 ** 20, String(text.length));
  });

  it("delay: the response arrives later", async () => {
    const startedAt = performance.now();
    assert.match((await once({ fault: "delay", ms: 400 })).text, /^HTTP\/1\.1 200/);
    assert.ok(performance.now() - startedAt >= 399);
  });

  it("withoutExtensions: it behaves like CDF", async () => {
    const { http } = new TestClient((await simulate({ withoutExtensions: true })).url);
    const fileId = await server.upload(await disc());
    const body = { items: [{ fileId }], points: [{ x: 0.5, y: 0.5 }] };
    const post = () => http.post<{ jobId: number }>(SEGMENT, body, { headers: { "idempotency-key": "same" } });
    const [first, second] = [await post(), await post()];
    assert.notEqual(first.data.jobId, second.data.jobId);
    assert.equal(first.headers["x-segment-extensions"], undefined);
    assert.equal((await http.post(`${SEGMENT}/byids`, { jobIds: [first.data.jobId] })).status, 404);
    const poll = await http.get(`${SEGMENT}/${first.data.jobId}`, { headers: { prefer: "wait=20" } });
    assert.equal(poll.headers["preference-applied"], undefined);
  });

  describe("jobSeconds", () => {
    const started = async (script: WrittenScript) => {
      const client = new TestClient((await simulate(script)).url);
      const job = await client.start(await client.upload(await disc()));
      return { client, jobId: job.jobId, startedAt: performance.now() };
    };

    it("a poll for one job reports Running until the job is due, and is held as long as it prefers", async () => {
      const { client, jobId, startedAt } = await started({ jobSeconds: 1 });
      const poll = async (prefer: string) =>
        (await client.http.get<Job>(`${SEGMENT}/${jobId}`, { headers: { prefer } })).data;
      const early = await poll("wait=0");
      assert.equal(early.status, "Running");
      assert.ok(early.prompt?.points);
      const ended = await poll("wait=20");
      assert.ok(performance.now() - startedAt >= 900);
      assert.equal(ended.status, "Completed");
      assert.ok(ended.statusTime! - ended.createdTime! >= 1000);
    });

    it("a poll for many jobs ends when the first of them is due", async () => {
      const { client, jobId, startedAt } = await started({ jobSeconds: 1 });
      const pollMany = async (prefer: string, jobIds: number[]) => {
        const response = await client.http.post(`${SEGMENT}/byids`, { jobIds }, { headers: { prefer } });
        assert.equal(response.headers["preference-applied"], "wait");
        return jobsSchema.parse(response.data);
      };
      assert.deepEqual((await pollMany("wait=0", [jobId])).items.map(({ status }) => status), ["Running"]); // prettier-ignore
      const ended = await pollMany("wait=20", [jobId]);
      assert.ok(performance.now() - startedAt >= 900);
      assert.deepEqual(ended.items.map(({ status }) => status), ["Completed"]); // prettier-ignore
      assert.deepEqual((await pollMany("wait=20", [4711])).unknownJobIds, [4711]);
    });

    it("log-normal durations scatter around their median", async () => {
      const { client, jobId } = await started({ jobSeconds: { lognormal: { median: 0.5, sigma: 0 } } });
      const { createdTime, statusTime } = await client.ended(jobId);
      assert.ok(statusTime! - createdTime! >= 500);
    });
  });

  describe("oauth", () => {
    const tokenSchema = z.object({ access_token: z.string(), expires_in: z.number() });
    const form = { grant_type: "client_credentials", client_id: "any", client_secret: "a secret" };
    const ask = (url: string, fields: object, headers = {}) =>
      new TestClient(url, null).http.post("/oauth2/token", new URLSearchParams({ ...fields }), { headers });

    it("issues a token that is valid until it expires", async () => {
      const { url } = await simulate({ oauth: { clientSecret: "a secret", expiresIn: 1 } });
      const token = tokenSchema.parse((await ask(url, form)).data);
      assert.equal(token.expires_in, 1);
      const { http } = new TestClient(url, token.access_token);
      assert.equal((await http.get(INSPECT)).status, 200);
      await sleep(1100);
      assert.equal((await http.get(INSPECT)).status, 401);
    });

    it("accepts the secret by HTTP Basic too, and refuses a wrong one", async () => {
      const { url } = await simulate({ oauth: { clientSecret: "a secret" } });
      const { grant_type } = form;
      const basic = Buffer.from("any:a%20secret").toString("base64");
      assert.equal((await ask(url, { grant_type }, { authorization: `Basic ${basic}` })).status, 200);
      const refused = await ask(url, { ...form, client_secret: "another" });
      assert.deepEqual([refused.status, (refused.data as { error: string }).error], [401, "invalid_client"]);
      assert.equal((await ask(url, { ...form, grant_type: "password" })).status, 400);
    });
  });

  it("responds with 502 when the real server is gone", async () => {
    const lone = await TestServer.start({ engine: "graphcut" });
    const simulator = await Simulator.start({
      target: { url: lone.url },
      script: parseScript({}, "test"),
      host: "127.0.0.1",
      port: 0,
      log: () => undefined,
    });
    open.push(simulator);
    await lone.close();
    assert.match(
      (await ask(simulator.url)).text,
      /^HTTP\/1\.1 502 [^]*"The server behind the simulator did not respond/,
    );
  });

  describe("on the command line", () => {
    const script = (text: string): string => {
      const file = join(server.dataDir, "script.json");
      writeFileSync(file, text);
      return file;
    };

    it("runs a server with its faults, logs them, and ends on SIGTERM", async () => {
      const file = script('{"rules": [{"times": 1, "do": {"fault": "status", "status": 418}}], "oauth": {"clientSecret": "x"}}'); // prettier-ignore
      const args = ["--simulate", file, "--data", join(server.dataDir, "other"), "--engine", "graphcut"];
      const simulated = await ServerProcess.start(args, { SEGMENT_SERVER_TOKEN: "" });
      const { http } = new TestClient(simulated.url, null);
      assert.equal((await http.get(INSPECT)).status, 418);
      assert.equal((await http.get(INSPECT)).status, 401, "with oauth, every request needs a token");
      assert.equal(await simulated.end("SIGTERM"), 0, simulated.output.stderr);
      assert.match(simulated.output.stderr, /simulated status: GET \/api\/v1\/token\/inspect/);
    });

    it("without a token, accepts only this machine's own names", async () => {
      const args = ["--simulate", script("{}"), "--data", join(server.dataDir, "other"), "--engine", "graphcut"];
      const simulated = await ServerProcess.start(args, { SEGMENT_SERVER_TOKEN: "" });
      const { http } = new TestClient(simulated.url, null);
      assert.equal((await http.get(INSPECT)).status, 200);
      assert.equal((await http.get(INSPECT, { headers: { host: "evil.example" } })).status, 403);
      await simulated.end("SIGTERM");
    });

    const mistakes: [string, RegExp][] = [
      ['{"rules": [{"do": {"fault": "hang"}}, {"do": {"fault": "delay", "ms": "x"}}]}', /rules\[1\]\.do\.ms: .*"x"/],
      ['{"rules": [', /JSON/],
    ];
    for (const [text, message] of mistakes) {
      it(`refuses ${text} in one line with exit code 2`, async () => {
        const { code, stderr } = await runCli(["--simulate", script(text), "--data", server.dataDir]);
        assert.equal(code, 2);
        assert.match(stderr, /^segment-server: Bad script [^\n]*script\.json: [^\n]+\n$/);
        assert.match(stderr, message);
      });
    }

    it("refuses a missing script, and a child of Node-RED", async () => {
      assert.match((await runCli(["--simulate", join(server.dataDir, "none.json")])).stderr, /Bad script .*none\.json/);
      const { code, stderr } = await runCli(["--simulate", script("{}"), "--ipc"]);
      assert.deepEqual([code, stderr], [2, "segment-server: --simulate can't be used with --ipc\n"]);
    });
  });
});
