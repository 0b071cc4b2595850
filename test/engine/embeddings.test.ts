import assert from "node:assert/strict";
import { existsSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Engine, EngineTask } from "../../src/engine";
import { points, useEngines } from "../support/engines";
import { plain } from "../support/pictures";
import { encoderRuns, installToySam, type ToyInstallation } from "../support/sam-folder";
import { writeToyEncoder } from "../support/toy-sam";

/** Appended to an encoder, it makes another file of the same model: a field that no reader knows. */
const UNKNOWN_FIELD = Buffer.from([0xa0, 0x06, 0x01]);

describe("an engine that keeps embeddings on disk", () => {
  const engines = useEngines();
  let toy: ToyInstallation;
  let embeddingDir = "";
  const logged: string[] = [];
  beforeEach(() => {
    toy = installToySam(engines.folder);
    embeddingDir = join(engines.folder, "embeddings");
    logged.length = 0;
  });

  const start = (): Engine => engines.start({ embeddingDir, log: (message) => logged.push(message) });
  const files = (): string[] => (existsSync(embeddingDir) ? readdirSync(embeddingDir) : []);
  /** They are written after the result of the second prompt was sent. */
  async function savedFile(): Promise<string> {
    for (;;) {
      const [name] = files().filter((each) => each.endsWith(".v1"));
      if (name !== undefined) return join(embeddingDir, name);
      await setTimeout(20);
    }
  }
  /** Segments a picture and saves its embedding with an engine that is closed afterwards. */
  async function segmentEarlier(): Promise<EngineTask> {
    const engine = start();
    const task = await engines.task(plain(60, 40).png());
    await engine.segment(task);
    await engine.segment(task);
    await savedFile();
    await engine.close();
    assert.equal(encoderRuns(toy), 1);
    return task;
  }

  it("does not run the encoder after a restart, and gives the same segments", async () => {
    const task = await segmentEarlier();
    const engine = start();
    const again = await engine.segment(task);
    const further = await engine.segment({ ...task, prompt: points(3) });
    assert.equal(encoderRuns(toy), 1);

    const fresh = engines.start();
    assert.deepEqual(again, await fresh.segment(task));
    assert.deepEqual(further, await fresh.segment({ ...task, prompt: points(3) }));
    assert.equal(encoderRuns(toy), 2);
  });

  it("runs it again when the file is damaged, and saves it again", async () => {
    const task = await segmentEarlier();
    truncateSync(await savedFile(), 1000);
    const engine = start();
    for (let prompt = 0; prompt < 2; prompt += 1) assert.equal((await engine.segment(task)).length, 1);
    assert.equal(encoderRuns(toy), 2);
    await savedFile();
  });

  it("saves no embedding of a picture with a single prompt", async () => {
    const engine = start();
    const [first, second] = [await engines.task(plain(60, 40).png()), await engines.task(plain(61, 40).png())];
    for (const task of [first, second, second]) await engine.segment(task);
    await savedFile();
    assert.deepEqual(
      files().map((name) => name.slice(0, 64)),
      [second.sha256],
    );
  });

  it("runs it again with other weights", async () => {
    const task = await segmentEarlier();
    writeToyEncoder(toy.encoder);
    writeFileSync(toy.encoder, UNKNOWN_FIELD, { flag: "a" });
    assert.equal((await start().segment(task)).length, 1);
    assert.equal(encoderRuns(toy), 2);
  });

  it("works, and says so once, where they can't be saved", async () => {
    writeFileSync(embeddingDir, "a file where the folder should be");
    const engine = start();
    for (const width of [40, 41, 42]) {
      const task = await engines.task(plain(width, 30).png());
      for (let prompt = 0; prompt < 2; prompt += 1) assert.equal((await engine.segment(task)).length, 1);
    }
    assert.deepEqual(
      logged.map((message) => message.replace(/: .*/, "")),
      ["Embeddings can't be kept on disk"],
    );
  });
});
