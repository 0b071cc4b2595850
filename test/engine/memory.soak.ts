import assert from "node:assert/strict";
import { join } from "node:path";
import type sharp from "sharp";
import { pruneEmbeddings } from "../../src/engine";
import { useEngines } from "../support/engines";
import { plain, whitePart } from "../support/pictures";
import { bytesOf, startWithWorker } from "./worker-memory";

const IS_SHORT = process.env.SOAK === "short";
/** More pictures than the worker's memory keeps embeddings of (about 40). */
const FIRST_PICTURES = IS_SHORT ? 60 : 100;
const ALL_PICTURES = IS_SHORT ? 120 : 500;
/** The worker's memory after all pictures over that after the first: pages that the allocator keeps are not counted. */
const ALLOWED_GROWTH = 1.15;

describe("the memory of the engine's worker", function () {
  const engines = useEngines();
  before(function () {
    if (process.platform !== "linux") this.skip();
  });

  /** Cuts something out of many different pictures. */
  async function assertFlat(
    { engine, worker }: ReturnType<typeof startWithWorker>,
    picture: (count: number) => sharp.Sharp,
    between: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    let early = 0;
    for (let count = 1; count <= ALL_PICTURES; count++) {
      const segments = await engine.segment(await engines.task(picture(count).png({ compressionLevel: 1 })));
      assert.equal(segments.length, 1);
      if (count === FIRST_PICTURES) early = bytesOf(worker, "VmRSS");
      if (count % 20 === 0) await between();
    }
    const late = bytesOf(worker, "VmRSS");
    assert.ok(late < early * ALLOWED_GROWTH, `${late / 1e6} MB after ${early / 1e6} MB`);
  }

  describe(`does not grow from ${FIRST_PICTURES} pictures to ${ALL_PICTURES}`, function () {
    this.timeout(300_000);

    it("with sam", async () => {
      const embeddingDir = join(engines.folder, "embeddings");
      const prune = () =>
        pruneEmbeddings(embeddingDir, { maxBytes: 50e6, isWanted: () => true, signal: new AbortController().signal });
      const colour = (count: number) => ({ r: 50 + (count % 200), g: count >> 2, b: 99 });
      await assertFlat(startWithWorker(engines, { embeddingDir }), (count) => plain(64, 12, colour(count)), prune);
    });

    it("with graphcut", async () => {
      const part = { left: 30, top: 30, width: 40, height: 40 };
      const width = (count: number) => 100 + (count % 100);
      await assertFlat(startWithWorker(engines, { engine: "graphcut" }), (count) =>
        whitePart(width(count), 100 + (count % 7), part),
      );
    });
  });
});
