import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { childProcesses } from "../../tools/processes";
import type { createEngine, Engine, EngineIdentity, EngineTask } from "../../src/engine";
import { useEngines } from "../support/engines";
import { installPackageCopy } from "../support/package-copy";
import { whitePart } from "../support/pictures";
import { installToySam } from "../support/sam-folder";

/** A bright square in a dark picture: what both engines find. */
const SQUARE = { left: 100, top: 60, width: 120, height: 120 };
const AROUND = { boundingBox: { xMin: 0.25, yMin: 0.2, xMax: 0.75, yMax: 0.8 } };

describe("the choice of the engine", () => {
  const engines = useEngines();
  const picture = () => whitePart(320, 240, SQUARE).png();
  const task = (name?: string) => engines.task(picture(), AROUND, name);

  /** Runs a task and returns the engine that did it. */
  async function runOn(engine: Engine, what: EngineTask): Promise<EngineIdentity | undefined> {
    let ran: EngineIdentity | undefined;
    const segments = await engine.segment(what, (by) => (ran = by));
    assert.equal(segments.length, 1);
    return ran;
  }

  describe("auto", () => {
    it("takes sam where it is installed", async () => {
      installToySam(engines.folder);
      const engine = engines.start({ engine: "auto" });
      assert.equal(engine.name, "sam");
      assert.equal((await runOn(engine, await task()))?.name, "sam");
    });

    it("takes graphcut as long as sam is not installed, and then sam for the next task", async () => {
      const copy = installPackageCopy(join(engines.folder, "user"));
      const installed = createRequire(join(copy, "package.json"))("./dist/src/engine/index.js") as {
        createEngine: typeof createEngine;
      };
      const log: string[] = [];
      const options = { workers: 1, dataDir: engines.folder, log: (line: string) => void log.push(line) };
      const engine = engines.closeLater(installed.createEngine({ engine: "auto", ...options }));
      assert.equal(log.length, 1);
      const { ready, reason } = engine.health();
      assert.equal(ready, true);
      assert.match(reason ?? "", /^Using graphcut instead of sam: .*segment-server install-sam /);
      assert.deepEqual(await runOn(engine, await task()), { name: "graphcut", version: "1" });

      installToySam(engines.folder);
      assert.deepEqual(engine.health(), { ready: true });
      const { name, version } = (await runOn(engine, await task()))!;
      assert.equal(name, "sam");
      assert.equal(version, engine.version);
    });

    it("takes graphcut where sam is installed and does not work", async () => {
      const { decoder, encoder } = installToySam(engines.folder);
      const engine = engines.start({ engine: "auto", encoder: decoder, decoder: encoder });
      assert.equal((await runOn(engine, await task()))?.name, "graphcut");
      assert.equal(engine.name, "graphcut");
      assert.match(engine.health().reason ?? "", /do not fit the sam engine/);
    });
  });

  describe("graphcut", () => {
    it("needs neither weights nor runtime, and loads none", async function () {
      if (process.platform !== "linux") this.skip(); // what a process has loaded is found in /proc
      const others = childProcesses();
      const engine = engines.start({ engine: "graphcut" });
      assert.deepEqual(await runOn(engine, await task()), { name: "graphcut", version: "1" });
      const workers = childProcesses().filter((pid) => !others.includes(pid) && existsSync(`/proc/${pid}/maps`));
      const loaded = workers.map((pid) => readFileSync(`/proc/${pid}/maps`, "utf8")).join("\n");
      assert.match(loaded, /libvips/);
      assert.doesNotMatch(loaded, /onnxruntime/);
    });
  });

  describe("a graphcut engine", () => {
    const engines = useEngines("describe");
    let engine: Engine;
    before(() => {
      engine = engines.start({ engine: "graphcut" });
    });
    const task = () => engines.task(picture(), AROUND);

    it("takes its fast form for tasks that would wait too long, and the full one when it has caught up", async () => {
      const what = await task();
      await runOn(engine, what); // from now on it knows how long a task takes
      const versions: string[] = [];
      // A wait of more than 2 s even where a task takes 14 ms.
      const tasks = Array.from({ length: 150 }, () => engine.segment(what, ({ version }) => versions.push(version)));
      await Promise.all(tasks);
      assert.equal(versions[1], "1-fast");
      assert.equal(versions.at(-1), "1");
      assert.deepEqual(await runOn(engine, what), { name: "graphcut", version: "1" });
    });

    it("takes its fast form when it is asked to", async () => {
      const ran = await runOn(engine, { ...(await task()), fast: true });
      assert.equal(ran?.version, "1-fast");
    });

    it("finds nothing without a foreground point and without a box", async () => {
      const prompt = { points: [{ x: 0.5, y: 0.5, label: 0 as const }] };
      assert.deepEqual(await engine.segment({ ...(await task()), prompt }), []);
    });
  });
});
