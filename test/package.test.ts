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

/** Where sharp, the only native part, has to be installed from the lock file. */
const PLATFORMS = [
  ...["darwin-arm64", "darwin-x64"],
  ...["linux-arm", "linux-arm64", "linux-x64"],
  ...["linuxmusl-arm64", "linuxmusl-x64"],
  ...["win32-arm64", "win32-x64"],
];

describe("package.json", () => {
  it("keeps to the rules of Node-RED's registry: scoped name, licence, six dependencies at most", () => {
    assert.match(manifest.name, /^@[a-z-]+\/node-red-/);
    assert.ok(Object.keys(manifest.dependencies).length <= 6);
  });

  it("bundles fastify and zod, with the licenses of all that is in them", () => {
    const licenses = readFileSync(join(ROOT, "dist", "vendor", "LICENSES.txt"), "utf8");
    for (const name of ["fastify", "zod", "ajv", "pino"])
      assert.match(licenses, new RegExp(`^${name} \\d\\S+ \\(MIT\\)$`, "m"));
    assert.ok(!("fastify" in manifest.dependencies) && !("zod" in manifest.dependencies));
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
  const text = readFileSync(join(ROOT, "package-lock.json"), "utf8");

  it("names no registry, so that an installation uses the one that npm is set to", () => {
    assert.doesNotMatch(text, /"resolved": "http/);
  });

  // npm leaves out of it the platforms that it has not seen: https://github.com/npm/cli/issues/4828
  for (const platform of PLATFORMS) {
    it(`holds sharp for ${platform}, whatever machine it was written on`, () => {
      const { packages } = z
        .object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) })
        .parse(JSON.parse(text));
      const version = (name: string): string | undefined => packages[`node_modules/${name}`]?.version;
      assert.equal(version(`@img/sharp-${platform}`), version("sharp"));
      // On Windows libvips is in the same package.
      if (!platform.startsWith("win32")) assert.ok(version(`@img/sharp-libvips-${platform}`));
    });
  }
});
