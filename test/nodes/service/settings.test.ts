import assert from "node:assert/strict";
import { resolve } from "node:path";
import { SegmentError } from "../../../src/api";
import {
  baseUrlOf,
  concurrencyOf,
  dataDirOf,
  serviceIdentity,
  type ConfigDef,
} from "../../../nodes/service/config-def";
import { readSettings } from "../../../nodes/service/settings.lazy";
import { warmUp } from "../../../nodes/config/warm-up";

const USER_DIR = resolve("/home/user/.node-red");
const def = (properties: object = {}): ConfigDef => ({
  id: "c1",
  z: "",
  type: "segment-config",
  name: "line 4",
  ...properties,
});

function assertRefused(properties: object, credentials: object, message: RegExp): void {
  assert.throws(
    () => readSettings(def(properties), credentials),
    (error) => error instanceof SegmentError && error.code === "no-config" && message.test(error.message),
  );
}

describe("settings of a config node", () => {
  it("have the same number of parallel requests before the first message and after it", () => {
    for (const [concurrency, expected] of [
      [undefined, 8],
      ["", 8],
      ["32", 32],
      [" 4 ", 4],
      [1, 1],
    ] as const) {
      assert.equal(concurrencyOf(def({ concurrency })), expected);
      assert.equal(readSettings(def({ concurrency }), {}).concurrency, expected);
    }
    for (const concurrency of ["0", "2.5", "-1", "many", "${X}"]) {
      assert.equal(concurrencyOf(def({ concurrency })), 8, "until the first message is refused");
      assertRefused({ concurrency }, {}, /concurrency/);
    }
  });

  it("have the documented defaults when nothing was filled in", () => {
    const expected = {
      service: "embedded",
      project: "default",
      apiVersion: "beta",
      auth: "none",
      tokenUrl: "",
      clientId: "",
      scopes: "",
      audience: "",
      clientAuth: "post",
      timeout: 30,
      retries: 5,
      concurrency: 8,
      maxJobs: 16,
      maxPending: 10000,
      engine: "auto",
      keepHours: 24,
      keepMegabytes: 1024,
      baseUrl: "",
      token: "",
      clientSecret: "",
    };
    assert.deepEqual(readSettings(def(), {}), expected);
    const empty = Object.fromEntries(Object.keys(expected).map((name) => [name, ""]));
    assert.deepEqual(readSettings(def(empty), {}), expected);
  });

  it("take numbers as the dialog writes them, and leave unknown properties alone", () => {
    const settings = readSettings(def({ timeout: "2.5", retries: 0, tls: "abc", proxy: "def" }), {});
    assert.deepEqual([settings.timeout, settings.retries], [2.5, 0]);
  });

  it("name the config node, the field and what is wrong", () => {
    assertRefused({ timeout: "soon" }, {}, /^Config node "line 4": timeout: /);
    assertRefused({ retries: "1.5" }, {}, /retries: .*\(got "1\.5"\)/);
    assertRefused({ service: "aws" }, {}, /service: .*\(got "aws"\)/);
    const server = { service: "server", baseUrl: "http://plant:8020" };
    assertRefused({ service: "server" }, {}, /the base URL is missing/);
    assertRefused({ service: "cdf" }, {}, /the cluster is missing/);
    assertRefused({ ...server, baseUrl: "plant:8020" }, {}, /the base URL must be like http:/);
    assertRefused({ ...server, baseUrl: "http://me:secret@plant" }, {}, /must not hold a user or password/);
    assertRefused({ ...server, auth: "token" }, { token: " " }, /the token is missing/);
    const oauth = { ...server, auth: "oauth" };
    assertRefused(oauth, {}, /the token URL is missing/);
    assertRefused({ ...oauth, tokenUrl: "https://idp/token" }, {}, /the client id is missing/);
    assertRefused({ ...oauth, tokenUrl: "https://idp/token", clientId: "a" }, {}, /the client secret is missing/);
  });

  it("never repeat a secret that was put into an address", () => {
    for (const baseUrl of ["http://me:hunter2@plant", "me:hunter2@plant"]) {
      const bad = def({ service: "server", baseUrl });
      assert.throws(
        () => readSettings(bad, {}),
        (error) => error instanceof SegmentError && !error.message.includes("hunter2"),
      );
      if (baseUrl.startsWith("http")) assert.ok(!serviceIdentity(bad, USER_DIR).includes("hunter2"));
    }
  });
});

describe("warmUp", () => {
  it("starts no server for a remote service, or with settings that the first message will refuse", () => {
    const host = { userDir: USER_DIR, log: () => undefined };
    const bad = [
      { engine: "magic" },
      { keepHours: "soon" },
      { keepHours: "-1" },
      { keepMegabytes: "0.5" },
      { dataDir: "${UNSET}" },
    ];
    for (const properties of [{ service: "server" }, { service: "cdf" }, ...bad]) {
      assert.equal(warmUp(def(properties), host), undefined, JSON.stringify(properties));
    }
  });
});

describe("identity of a service", () => {
  const identity = (properties: object): string => serviceIdentity(def(properties), USER_DIR);

  it("is the same for config nodes that lead to the same jobs", () => {
    assert.equal(identity({}), identity({ service: "embedded", engine: "sam", name: "other" }));
    const plant = { service: "server", baseUrl: "http://plant:8020", project: "" };
    assert.equal(identity(plant), "http://plant:8020/api/v1/projects/default");
    assert.equal(identity(plant), identity({ ...plant, baseUrl: "http://plant:8020/", timeout: "5" }));
    const cdf = { service: "cdf", cluster: "westeurope-1", project: "p" };
    assert.equal(identity(cdf), "https://westeurope-1.cognitedata.com/api/v1/projects/p");
  });

  it("distinguishes folders, addresses and projects", () => {
    const all = [
      {},
      { dataDir: "other" },
      { service: "server", baseUrl: "http://a" },
      { service: "server", baseUrl: "http://b" },
      { service: "server", baseUrl: "http://a", project: "p" },
    ].map(identity);
    assert.equal(new Set(all).size, all.length);
  });

  it("knows where the embedded server keeps its files, and the address of a private link", () => {
    assert.equal(dataDirOf(def(), USER_DIR), resolve(USER_DIR, "node-red-segment"));
    assert.equal(dataDirOf(def({ dataDir: "line4" }), USER_DIR), resolve(USER_DIR, "line4"));
    assert.equal(dataDirOf(def({ dataDir: resolve("/data") }), USER_DIR), resolve("/data"));
    const link = "https://p001.plink.westeurope-1.cognitedata.com";
    assert.equal(baseUrlOf(def({ service: "cdf", cluster: "westeurope-1", baseUrl: link })), link);
  });
});
