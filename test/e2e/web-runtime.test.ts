// ONNX Runtime as WebAssembly, for platforms without a native build: installed by the real command from the registry.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { intersectionOverUnion, rasterize } from "../../tools/rasterize";
import { EXAMPLE_PICTURES } from "../../tools/picture-prompts";
import { createEngine, samPackages, type Engine } from "../../src/engine";
import { sha256Of } from "../support/pictures";
import { installPackageCopy } from "../support/package-copy";
import { removeFolder } from "../../tools/remove-folder";

const { native, web } = samPackages;
const PICTURE = join(__dirname, "../../pictures", EXAMPLE_PICTURES[0]!.file);

describe("the WebAssembly runtime", function () {
  this.timeout(400_000);
  const engines: Engine[] = [];
  let root: string;
  let dataDir: string;
  /** A package beside which no runtime is installed. */
  let copy: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), "segment-web-"));
    dataDir = join(root, "data");
    copy = installPackageCopy(join(root, "user"));
  });
  after(async () => {
    await Promise.all(engines.map((engine) => engine.close()));
    removeFolder(root);
  });

  it("is installed in place of the native one, after its size was printed", async () => {
    const modules = join(dataDir, "sam", "node_modules");
    const nativeFolder = dirname(require.resolve(`${native.name}/package.json`));
    cpSync(join(nativeFolder, "package.json"), join(modules, native.name, "package.json"));
    const args = ["install-sam", "--web", "--data", dataDir, "--yes"];
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(copy, "dist/src/cli/segment-server.js"),
      ...args,
    ]);
    assert.ok(stdout.includes(`${web.name} ${web.version}`));
    assert.match(stdout, /35 MB to download, 152 MB on disk/);
    assert.ok(!stdout.includes(native.name));
    assert.ok(existsSync(join(modules, web.name)));
    assert.ok(!existsSync(join(modules, native.name)));
  });

  it("gives the same masks as the native one", async () => {
    const installed = createRequire(join(copy, "package.json"))("./dist/src/engine/index.js") as {
      createEngine: typeof createEngine;
    };
    const { width, height } = await sharp(PICTURE).metadata();
    const results = [];
    for (const create of [installed.createEngine, createEngine]) {
      const engine = create({ engine: "sam", workers: 1, dataDir });
      engines.push(engine);
      const picture = { file: PICTURE, sha256: sha256Of(PICTURE) };
      const { box: boundingBox, points } = EXAMPLE_PICTURES[0]!;
      const masks = [];
      for (const prompt of [{ boundingBox }, { points: points.slice(0, 1) }, { points, boundingBox }]) {
        const [segment] = await engine.segment({ ...picture, prompt });
        masks.push(rasterize(segment!.polygons, { width, height }));
      }
      results.push({ masks, runtime: engine.health().backend?.runtime });
      await engine.close();
    }
    const [ours, theirs] = results;
    assert.equal(ours!.runtime, `${web.name} ${web.version}`);
    assert.equal(theirs!.runtime, `${native.name} ${native.version}`);
    ours!.masks.forEach((mask, index) => {
      const iou = intersectionOverUnion(mask, theirs!.masks[index]!);
      assert.ok(iou > 0.99, `IoU ${iou} of prompt ${index}`);
    });
  });
});
