import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type sharp from "sharp";
import { childProcesses } from "../../tools/processes";
import { pruneEmbeddings, type Engine, type EngineOptions } from "../../src/engine";
import { useEngines } from "../support/engines";
import { plain, whitePart } from "../support/pictures";
import { installToySam } from "../support/sam-folder";

/** More pictures than the worker's memory keeps embeddings of (about 40). */
const FIRST_PICTURES = 100;
const ALL_PICTURES = 500;
/** The worker's memory after all pictures over that after the first: pages that the allocator keeps are not counted. */
const ALLOWED_GROWTH = 1.15;

/** A process's memory in bytes: all that it has reserved, or the part of it that is in use. */
function bytesOf(pid: number, what: "VmSize" | "VmRSS"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${what}:\\s*(\\d+) kB`).exec(status)?.[1]) * 1024;
}

describe("the memory of the engine's worker", function () {
  const engines = useEngines();
  before(function () {
    if (process.platform !== "linux") this.skip(); // what other processes use is found in /proc
  });

  function start(options: Partial<EngineOptions> = {}): { engine: Engine; worker: number } {
    installToySam(engines.folder);
    const others = childProcesses();
    const engine = engines.start(options);
    const [worker] = childProcesses().filter((pid) => !others.includes(pid));
    return { engine, worker: worker! };
  }

  it("ends the worker alone when there is no more: the job says so, and the next one is served", async function () {
    this.timeout(60_000);
    const { engine, worker } = start();
    await engine.segment(await engines.task(plain(40, 30).png()));
    // From now on the system gives this process no more memory.
    execFileSync("prlimit", ["--pid", String(worker), `--as=${bytesOf(worker, "VmSize")}`]);
    const large = await engines.task(plain(5000, 5000).png());
    await assert.rejects(engine.segment(large), {
      code: "job-failed",
      message:
        /^The worker ended unexpectedly \((SIGABRT|SIGTRAP|code 134)\)\. Most likely the machine has run out of memory: /,
    });
    assert.equal((await engine.segment(large)).length, 1);
  });

  /** Cuts something out of 500 different pictures. */
  async function assertFlat(
    { engine, worker }: ReturnType<typeof start>,
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
      await assertFlat(start({ embeddingDir }), (count) => plain(64, 12, colour(count)), prune);
    });

    it("with graphcut", async () => {
      const part = { left: 30, top: 30, width: 40, height: 40 };
      const width = (count: number) => 100 + (count % 100);
      await assertFlat(start({ engine: "graphcut" }), (count) => whitePart(width(count), 100 + (count % 7), part));
    });
  });
});
