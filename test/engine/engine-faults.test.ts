import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { childProcesses } from "../../tools/processes";
import type { createEngine, Engine } from "../../src/engine";
import { createSamEngine } from "../../src/engine/sam/engine";
import { MIDDLE, points, useEngines } from "../support/engines";
import { plain, save, sha256Of } from "../support/pictures";
import {
  CRASHING_POINTS,
  encoderRuns,
  HANGING_POINTS,
  installToySam,
  type ToyInstallation,
} from "../support/sam-folder";

const PACKAGE = dirname(require.resolve("../../package.json"));

/** Polls until something is found. */
async function waitUntil<T>(find: () => T[]): Promise<T[]> {
  for (;;) {
    const found = find();
    if (found.length > 0) return found;
    await setTimeout(50);
  }
}

describe("the engine", () => {
  const engines = useEngines();

  describe("when something goes wrong", () => {
    it("fails the job of a bad picture and serves the next one", async () => {
      installToySam(engines.folder);
      const engine = engines.start();
      const file = await save(engines.folder, "bad.png", Buffer.from("no picture"));
      const bad = { file, sha256: sha256Of(file), prompt: MIDDLE };
      await assert.rejects(engine.segment(bad), { code: "invalid-image", message: /not a JPEG or PNG/ });
      assert.equal((await engine.segment(await engines.task(plain(40, 30).png()))).length, 1);
    });

    it("replaces a worker that died", async () => {
      installToySam(engines.folder);
      const logged: string[] = [];
      const engine = engines.start({ log: (message) => logged.push(message) });
      const picture = await engines.task(plain(40, 30).png());
      await assert.rejects(engine.segment({ ...picture, prompt: points(CRASHING_POINTS) }), {
        code: "job-failed",
        message: /worker ended unexpectedly \(code 3\)/,
      });
      assert.equal((await engine.segment(picture)).length, 1);
      assert.match(logged.join(), /A worker was lost/);
    });

    it("keeps its queue when a new worker can't be started at once", async () => {
      const { encoder } = installToySam(engines.folder);
      const logged: string[] = [];
      const engine = engines.start({ log: (message) => logged.push(message) });
      const picture = await engines.task(plain(40, 30).png());
      await engine.segment(picture);
      const weights = readFileSync(encoder);
      writeFileSync(encoder, "being replaced");
      const crash = engine.segment({ ...picture, prompt: points(CRASHING_POINTS) });
      const next = engine.segment(picture);
      await assert.rejects(crash, { code: "job-failed" });
      await waitUntil(() => logged.filter((line) => line.includes("could not be started")));
      writeFileSync(encoder, weights);
      assert.equal((await next).length, 1);
    });

    it("does not lose a task to the signals that all processes of a group get", async function () {
      if (process.platform !== "linux") this.skip(); // processes are found in /proc
      installToySam(engines.folder);
      const others = childProcesses();
      const engine = engines.start();
      const [worker] = childProcesses().filter((pid) => !others.includes(pid));
      const picture = await engines.task(plain(40, 30).png());
      await engine.segment(picture);
      const running = engine.segment(picture);
      process.kill(worker!, "SIGTERM");
      process.kill(worker!, "SIGINT");
      assert.equal((await running).length, 1);
    });

    it("leaves no worker behind when the process that uses it is killed", async function () {
      if (process.platform !== "linux") this.skip();
      installToySam(engines.folder);
      const engineFile = join(PACKAGE, "dist", "src", "engine", "index.js");
      const options = { engine: "sam", workers: 1, dataDir: engines.folder };
      const script = `require(${JSON.stringify(engineFile)}).createEngine(${JSON.stringify(options)})`;
      const user = spawn(process.execPath, ["-e", script], { stdio: "ignore" });
      const workers = await waitUntil(() => childProcesses(user.pid));
      user.kill("SIGKILL");
      await waitUntil(() => workers.filter((pid) => !existsSync(`/proc/${pid}`)));
    });

    it("ends a task that takes too long, with its worker, and serves the next one", async () => {
      installToySam(engines.folder);
      const engine = engines.start({ taskTimeoutMs: 5000 });
      const picture = await engines.task(plain(40, 30).png());
      await engine.segment(picture);
      const slow = engine.segment({ ...picture, prompt: points(HANGING_POINTS) });
      const next = engine.segment(picture);
      await assert.rejects(slow, { code: "job-failed", message: "The job took longer than 5 s." });
      assert.equal((await next).length, 1);
    });

    it("queues tasks and runs them in order", async () => {
      installToySam(engines.folder);
      const engine = engines.start();
      const picture = await engines.task(plain(40, 30).png());
      const indices = Array.from({ length: 40 }, (_, index) => index);
      const started: number[] = [];
      const accepted = indices.map((index) => engine.segment(picture, () => started.push(index)));
      assert.deepEqual(started, [], "all wait for the worker to load");
      await Promise.all(accepted);
      assert.deepEqual(started, indices);
    });

    it("cancels waiting and running tasks when it is closed", async () => {
      installToySam(engines.folder);
      const engine = engines.start();
      const picture = await engines.task(plain(40, 30).png());
      await engine.segment(picture);
      const rejected = [engine.segment(picture), engine.segment(picture)].map((job) =>
        assert.rejects(job, { code: "cancelled" }),
      );
      await engine.close();
      await Promise.all(rejected);
      await assert.rejects(engine.segment(picture), { code: "cancelled" });
    });

    it("shares the tasks among its workers", async () => {
      const toy = installToySam(engines.folder);
      const engine = engines.start({ workers: 2 });
      const pictures = await Promise.all(
        [40, 41, 42, 43].map((width) => engines.task(plain(width, 30).png(), MIDDLE, `picture${width}`)),
      );
      const found = await Promise.all(pictures.map((each) => engine.segment(each)));
      assert.deepEqual(
        found.map((segments) => segments.length),
        [1, 1, 1, 1],
      );
      // One after the other: each goes to the worker that has its embedding.
      for (const each of pictures) await engine.segment(each);
      assert.equal(encoderRuns(toy), 4);
    });
  });

  describe("with weights that do not work", () => {
    const reasons: Record<string, { spoil: (toy: ToyInstallation) => void; reason: RegExp }> = {
      "cut off": {
        spoil: ({ encoder }) => writeFileSync(encoder, readFileSync(encoder).subarray(0, 2000)),
        reason: /encoder\.onnx can't be loaded: the file is not a complete ONNX model/,
      },
      "not a model": {
        spoil: ({ decoder }) => writeFileSync(decoder, "<html>not found</html>"),
        reason: /sam\.onnx can't be loaded/,
      },
      "an encoder instead of the decoder": {
        spoil: ({ encoder, decoder }) => copyFileSync(encoder, decoder),
        reason: /sam\.onnx do not fit the sam engine: a SAM decoder has image_embeddings/,
      },
    };
    for (const [name, { spoil, reason }] of Object.entries(reasons)) {
      it(`says so (${name}), and works once they were replaced`, async () => {
        spoil(installToySam(engines.folder));
        const engine = engines.start();
        const picture = await engines.task(plain(40, 30).png());
        await assert.rejects(engine.segment(picture), { code: "job-failed", message: reason });
        const health = engine.health();
        assert.equal(health.ready, false);
        assert.match(health.reason ?? "", reason);
        installToySam(engines.folder);
        assert.deepEqual(engine.health(), { ready: true });
        assert.equal((await engine.segment(picture)).length, 1);
      });
    }
  });

  it("says so on a machine with too little memory", async () => {
    installToySam(engines.folder);
    const limits = { workers: 1, taskTimeoutMs: 5000, minMemory: Number.MAX_SAFE_INTEGER };
    const engine = createSamEngine({ dataDir: engines.folder, log: () => undefined, ...limits });
    const reason = /needs about 2 GB of memory, this machine has \d+\.\d GB\. Use a segment server on a bigger machine/;
    assert.match(engine.health().reason ?? "", reason);
    await assert.rejects(engine.segment(await engines.task(plain(40, 30).png())), {
      code: "job-failed",
      message: reason,
    });
  });

  describe("in a package beside which nothing is installed", () => {
    /** A copy of the built package with its dependencies, without weights and runtime. */
    function installPackage(dependencies: string[]): string {
      const copy = join(engines.folder, "package");
      mkdirSync(join(copy, "node_modules"), { recursive: true });
      cpSync(join(PACKAGE, "dist"), join(copy, "dist"), { recursive: true });
      copyFileSync(join(PACKAGE, "package.json"), join(copy, "package.json"));
      for (const name of dependencies)
        symlinkSync(join(PACKAGE, "node_modules", name), join(copy, "node_modules", name));
      return copy;
    }
    function startInstalled(copy: string): Engine {
      const installed = createRequire(join(copy, "package.json"))("./dist/src/engine/index.js") as {
        createEngine: typeof createEngine;
      };
      const engine = installed.createEngine({ engine: "sam", workers: 1, dataDir: join(engines.folder, "data") });
      return engines.closeLater(engine);
    }
    const dependencies = ["zod", "d3-contour", "simplify-js"];

    it("names the command that installs weights and runtime, and needs no restart after it", async () => {
      const engine = startInstalled(installPackage([...dependencies, "sharp"]));
      const picture = await engines.task(plain(40, 30).png());
      const reason =
        /weights of the sam engine are not installed\. In the folder .*npx segment-server install-sam --data "/;
      assert.match(engine.health().reason ?? "", reason);
      await assert.rejects(engine.segment(picture), { code: "job-failed", message: reason });

      installToySam(join(engines.folder, "data"));
      rmSync(join(engines.folder, "data", "sam", "node_modules", "onnxruntime-node"), { recursive: true });
      assert.match(
        engine.health().reason ?? "",
        /onnxruntime-node, is not installed\. In the folder .*npx segment-server install-sam --data "/,
      );

      installToySam(join(engines.folder, "data"));
      assert.deepEqual(engine.health(), { ready: true });
      assert.equal((await engine.segment(picture)).length, 1);
    });

    it("names the command that installs sharp", async () => {
      const engine = startInstalled(installPackage(dependencies));
      const reason = /sharp is missing .* run: npm install sharp/;
      assert.match(engine.health().reason ?? "", reason);
      await assert.rejects(engine.segment(await engines.task(plain(40, 30).png())), {
        code: "job-failed",
        message: reason,
      });
    });
  });
});
