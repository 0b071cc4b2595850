import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { NodeAPI } from "node-red";
import helper from "node-red-node-test-helper";
import { z } from "zod";
import { hang, json, ScriptedService, text } from "../support/scripted-service";
import { useScratchUserDir } from "./flow";
import { startSegmentServer, type SegmentServer } from "./segment-server";

const STORED = "__PWRD__";
const SECRET = "a-very-secret-secret";
const findingsSchema = z.strictObject({
  findings: z.array(
    z.strictObject({
      check: z.string(),
      problem: z.string().optional(),
      details: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    }),
  ),
});
type Finding = z.infer<typeof findingsSchema>["findings"][number];

describe("testing the connection from the dialog of a config node", () => {
  const userDir = useScratchUserDir();
  const configNode = createRequire(__filename)("../../dist/nodes/segment-config.js") as (RED: NodeAPI) => void;

  /** A Node-RED with our config node known, and those of a flow deployed. */
  async function load(flow: object[] = [], credentials: object = {}): Promise<void> {
    await helper.load(configNode, flow as Parameters<typeof helper.load>[1], credentials);
  }

  async function test(fields: object, secrets: object = {}): Promise<Finding[]> {
    const answer = await helper
      .request()
      .post("/segment-config/test")
      .send({ id: "config", fields, ...secrets });
    assert.equal(answer.status, 200, answer.text);
    assert.ok(!answer.text.includes(SECRET));
    return findingsSchema.parse(answer.body).findings;
  }

  async function refused(fields: object, secrets: object = {}): Promise<string> {
    const answer = await helper
      .request()
      .post("/segment-config/test")
      .send({ id: "config", fields, ...secrets });
    assert.equal(answer.status, 400, answer.text);
    assert.ok(!answer.text.includes(SECRET));
    return z.strictObject({ message: z.string() }).parse(answer.body).message;
  }

  describe("of the embedded server", () => {
    it("starts it in the folder of the dialog, and shows engine, version and memory", async () => {
      await load();
      const [finding, ...others] = await test({ service: "embedded", engine: "graphcut", dataDir: "line 4" });
      assert.deepEqual([others, finding?.check, finding?.problem], [[], "server", undefined]);
      assert.equal(finding?.details?.["engine"], "graphcut");
      assert.match(String(finding.details["version"]), /^\d+\.\d+/);
      assert.ok(Number(finding.details["megabytes"]) > 10);
      assert.ok(existsSync(join(userDir, "line 4")));
    });

    it("says so when the server that runs there was started with other options", async () => {
      await load([
        { id: "deployed", type: "segment-config", service: "embedded", engine: "graphcut", dataDir: "line 5" },
      ]);
      const asked = await test({ service: "embedded", engine: "graphcut", dataDir: "line 5" });
      assert.deepEqual(
        asked.map(({ problem }) => problem),
        [undefined],
      );
      const [, other] = await test({ service: "embedded", engine: "auto", dataDir: "line 5" });
      assert.match(other?.problem ?? "", /started with other options/);
    });

    it("says which field can't be used", async () => {
      await load();
      assert.match(await refused({ service: "embedded", keepHours: "soon" }), /keepHours/);
      assert.match(await refused({ service: "embedded", dataDir: "${SEGMENT_TEST_NONE}" }), /SEGMENT_TEST_NONE/);
      assert.match(await refused({ service: "embedded", colour: "red" }), /colour/);
    });
  });

  describe("of a segment server", () => {
    let server: SegmentServer;
    before(async () => (server = await startSegmentServer(userDir)));
    after(() => server.stop());
    const fields = (properties: object = {}) => ({
      service: "server",
      baseUrl: server.url,
      auth: "token",
      ...properties,
    });

    it("shows its engine and version, and that it takes jobs", async () => {
      await load();
      const findings = await test(fields(), { token: server.token });
      assert.deepEqual(
        findings.map(({ check, problem }) => [check, problem]),
        [
          ["server", undefined],
          ["segment", undefined],
        ],
      );
      assert.ok(findings[0]?.details?.["engine"]);
    });

    it("says that a token is wrong or missing, and what to do", async () => {
      await load();
      for (const [properties, secrets, advice] of [
        [fields(), { token: "wrong" }, /Check the token in the config node/],
        [fields({ auth: "none" }), {}, /requires a token: choose an authentication/],
      ] as const) {
        const [health, segment] = await test(properties, secrets);
        assert.equal(health?.problem, undefined);
        assert.match(segment?.problem ?? "", advice);
      }
      assert.match(await refused(fields(), { token: "" }), /the token is missing/);
    });

    it("says that there is no server at the address, once", async () => {
      await load();
      const findings = await test(fields({ baseUrl: "http://127.0.0.1:9" }), { token: SECRET });
      assert.deepEqual(
        findings.map(({ check }) => check),
        ["server"],
      );
      assert.match(findings[0]?.problem ?? "", /127\.0\.0\.1:9 can't be reached/);
    });

    it("takes environment variables as a node does", async () => {
      await load();
      process.env["SEGMENT_TEST_URL"] = server.url;
      process.env["SEGMENT_TEST_TOKEN"] = server.token;
      try {
        const findings = await test(fields({ baseUrl: "${SEGMENT_TEST_URL}" }), { token: "${SEGMENT_TEST_TOKEN}" });
        assert.deepEqual(
          findings.map(({ problem }) => problem),
          [undefined, undefined],
        );
      } finally {
        delete process.env["SEGMENT_TEST_URL"];
        delete process.env["SEGMENT_TEST_TOKEN"];
      }
    });
  });

  describe("of Cognite Data Fusion", () => {
    const INSPECT = /^GET \/api\/v1\/token\/inspect/;
    const SEGMENT = /^POST .*\/context\/vision\/segment$/;
    const TOKEN = /^POST \/oauth2\/token/;
    const noFile = json(400, { error: { code: 400, message: "items: required" } });
    const projects = json(200, { projects: [{ projectUrlName: "plant-1", groups: [1] }, { projectUrlName: "lab" }] });
    const token = json(200, { access_token: "got-token", expires_in: 3600 });
    let cdf: ScriptedService;
    beforeEach(async () => (cdf = await ScriptedService.start()));
    afterEach(() => cdf.close());

    const fields = (properties: object = {}) => ({
      ...{ service: "cdf", cluster: "westeurope-1", baseUrl: cdf.url, project: "plant-1", auth: "oauth" },
      ...{ tokenUrl: `${cdf.url}/oauth2/token`, clientId: "client", ...properties },
    });
    const byChecks = (findings: Finding[]) =>
      Object.fromEntries(findings.map(({ check, problem }) => [check, problem]));

    it("gets a token, finds the project and may start jobs", async () => {
      await load();
      cdf.fail(TOKEN, token);
      cdf.fail(INSPECT, projects);
      cdf.fail(SEGMENT, noFile);
      const findings = await test(fields(), { clientSecret: SECRET });
      assert.deepEqual(byChecks(findings), { token: undefined, project: undefined, segment: undefined });
      assert.equal(findings.length, 3);
      assert.deepEqual(findings[1]?.details, { project: "plant-1" });
      assert.equal(
        cdf.requests.find(({ path }) => path.endsWith("/segment"))?.headers.authorization,
        "Bearer got-token",
      );
      assert.equal(cdf.jobs.size, 0, "no job is started");
    });

    it("says why there is no token, without the secret, and requests nothing else", async () => {
      await load();
      cdf.fail(TOKEN, json(401, { error: "invalid_client", error_description: `bad secret ${SECRET}` }));
      const findings = await test(fields(), { clientSecret: SECRET });
      assert.deepEqual(
        findings.map(({ check }) => check),
        ["token"],
      );
      assert.match(findings[0]?.problem ?? "", /gave no token: invalid_client: bad secret ….*Check token URL/);
      assert.equal(cdf.requests.length, 1);
    });

    it("never shows a token that the service repeats", async () => {
      await load();
      cdf.fail(INSPECT, json(401, { error: { code: 401, message: `unknown token ${SECRET}` } }));
      const findings = await test(fields({ auth: "token" }), { token: SECRET });
      assert.match(findings[0]?.problem ?? "", /unknown token …/);
    });

    it("says which projects the token reaches if not this one", async () => {
      await load();
      cdf.fail(INSPECT, projects, json(200, { projects: [] }));
      cdf.fail(SEGMENT, noFile, noFile);
      const other = byChecks(await test(fields({ auth: "token", project: "plant-2" }), { token: SECRET }));
      assert.match(other["project"] ?? "", /"plant-2".*only: plant-1, lab/);
      const none = byChecks(await test(fields({ auth: "token" }), { token: SECRET }));
      assert.match(none["project"] ?? "", /no project at all/);
    });

    for (const status of [401, 403]) {
      it(`names the right that is missing when the service responds with ${status}`, async () => {
        await load();
        cdf.fail(INSPECT, projects);
        cdf.fail(SEGMENT, json(status, { error: { code: status, message: "not allowed" } }));
        const { project, segment } = byChecks(await test(fields({ auth: "token" }), { token: SECRET }));
        assert.equal(project, undefined);
        assert.match(segment ?? "", /not allowed.*filesAcl:READ/);
      });
    }

    for (const status of [404, 410]) {
      it(`names the embedded server as the way on when the service responds with ${status}`, async () => {
        await load();
        cdf.fail(INSPECT, projects);
        cdf.fail(SEGMENT, text(status, "text/html", "<h1>Gone</h1>"));
        const { segment } = byChecks(await test(fields({ auth: "token" }), { token: SECRET }));
        assert.match(segment ?? "", /let the embedded server take over/);
      });
    }

    it("tries once, and says when no response comes within the timeout", async () => {
      await load();
      cdf.fail(INSPECT, hang);
      const findings = await test(fields({ auth: "token", timeout: "0.3" }), { token: SECRET });
      assert.deepEqual(
        findings.map(({ check }) => check),
        ["project"],
      );
      assert.match(findings[0]?.problem ?? "", /no answer within 0\.3 s/);
      assert.equal(cdf.requests.length, 1);
    });

    describe("with a secret that is stored", () => {
      const SCRIPT = [TOKEN, INSPECT, SEGMENT] as const;
      /** Whether the stored secret went out when the dialog holds other fields than those deployed. */
      async function uses(deployed: object, typed: object): Promise<boolean> {
        await load([{ type: "segment-config", id: "config", ...deployed }], { config: { clientSecret: SECRET } });
        cdf.requests.length = 0;
        SCRIPT.forEach((path, index) => cdf.fail(path, [token, projects, noFile][index]!));
        const secrets = { clientSecret: STORED };
        const answer = await helper
          .request()
          .post("/segment-config/test")
          .send({ id: "config", fields: typed, ...secrets });
        await helper.unload();
        const sent = cdf.requests.some(({ body }) => body.includes(SECRET));
        assert.equal(answer.status, sent ? 200 : 400, answer.text);
        if (!sent) assert.match((answer.body as { message: string }).message, /type it again, or deploy first/);
        return sent;
      }

      it("sends it where it was deployed to", async () => {
        assert.ok(await uses(fields(), fields()));
        assert.ok(await uses(fields(), fields({ name: "other", project: "plant-2", scopes: "x", timeout: "5" })));
      });

      it("sends it where an environment variable leads, as deployed", async () => {
        process.env["SEGMENT_TEST_URL"] = cdf.url;
        try {
          assert.ok(await uses(fields({ baseUrl: "${SEGMENT_TEST_URL}" }), fields()));
        } finally {
          delete process.env["SEGMENT_TEST_URL"];
        }
      });

      it("requires it to be typed again when it would go elsewhere, or by another way", async () => {
        const elsewhere = cdf.url.replace("127.0.0.1", "localhost");
        for (const change of [
          { baseUrl: elsewhere },
          { tokenUrl: `${elsewhere}/oauth2/token` },
          { baseUrl: "", cluster: "attacker.example/" },
          { proxy: "some-proxy" },
          { tls: "some-tls" },
        ]) {
          assert.ok(!(await uses(fields(), fields(change))), JSON.stringify(change));
        }
        assert.ok(!(await uses({ service: "embedded" }, fields())));
      });

      it("uses the secret of no node but a deployed config node of this package", async () => {
        const other = { type: "helper", id: "config", ...fields() };
        await load([other], { config: { clientSecret: SECRET } });
        assert.match(await refused(fields(), { clientSecret: STORED }), /not deployed yet/);
        await helper.unload();
        await load();
        assert.match(await refused(fields(), { clientSecret: STORED }), /not deployed yet/);
        assert.equal(cdf.requests.length, 0);
      });
    });
  });
});
