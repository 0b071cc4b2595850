import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const ROOT = join(__dirname, "..");
const manifest = z
  .looseObject({
    name: z.string(),
    license: z.literal("Apache-2.0"),
    engines: z.object({ node: z.string() }),
    dependencies: z.record(z.string(), z.string()),
    "node-red": z.object({ version: z.string(), nodes: z.record(z.string(), z.string()) }),
  })
  .parse(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")));

describe("package.json", () => {
  it("keeps to the rules of Node-RED's registry: scoped name, licence, six dependencies at most", () => {
    assert.match(manifest.name, /^@[a-z-]+\/node-red-/);
    assert.ok(Object.keys(manifest.dependencies).length <= 6);
  });

  it("has no upper end in what it asks of Node.js and Node-RED", () => {
    assert.match(manifest.engines.node, /^>=\d[\d.]*$/);
    assert.match(manifest["node-red"].version, /^>=\d[\d.]*$/);
  });

  it("names nodes that are there, each with its editor and its texts", () => {
    for (const [name, file] of Object.entries(manifest["node-red"].nodes)) {
      assert.equal(file, `dist/nodes/${name}.js`);
      const needed = [`${name}.ts`, `${name}.html`, `locales/en-US/${name}.json`, `locales/en-US/${name}.html`];
      for (const path of needed) assert.ok(existsSync(join(ROOT, "nodes", path)), path);
    }
  });
});

describe("package-lock.json", () => {
  it("names no registry, so that an installation uses the one that npm is set to", () => {
    assert.doesNotMatch(readFileSync(join(ROOT, "package-lock.json"), "utf8"), /"resolved": "http/);
  });
});
