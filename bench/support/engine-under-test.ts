import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Prompt } from "../../src/api";
import { createEngine, type Engine, type EngineOptions, type EngineTask } from "../../src/engine";
import type { Contestant, Cost, Outcome } from "./contestant";
import { BENCH_DATA_DIR, readMask, type Item } from "../../tools/dataset";
import { childProcesses, cpuMsOf, peakBytesOf } from "../../tools/processes";
import { intersectionOverUnion, rasterize } from "../../tools/rasterize";

/** An engine with one worker. Its cost is that of this process, which holds the queue, and of the worker. */
export class EngineUnderTest implements Contestant {
  readonly #engine: Engine;
  readonly #worker: number;

  constructor(
    engine: EngineOptions["engine"],
    private readonly task: Pick<EngineTask, "fast"> = {},
  ) {
    const others = childProcesses();
    this.#engine = createEngine({ engine, workers: 1, dataDir: BENCH_DATA_DIR, log: console.error });
    const [worker] = childProcesses().filter((pid) => !others.includes(pid));
    if (worker === undefined) throw new Error(`The engine did not start: ${this.#engine.health().reason ?? ""}`);
    this.#worker = worker;
  }

  async segment({ file, maskFile }: Item, prompt: Prompt, salt: string): Promise<Outcome> {
    const { mask, size } = await readMask(maskFile);
    const sha256 = createHash("sha256").update(readFileSync(file)).update(salt).digest("hex");
    const start = this.#now();
    const [segment] = await this.#engine.segment({ file, sha256, prompt, ...this.task });
    const end = this.#now();
    const polygons = segment?.polygons ?? [];
    return {
      iou: intersectionOverUnion(rasterize(polygons, size), mask),
      cost: { cpuMs: end.cpuMs - start.cpuMs, wallMs: end.wallMs - start.wallMs },
      score: segment?.score ?? 0,
      vertices: polygons.reduce((sum, { vertices }) => sum + vertices.length, 0),
    };
  }

  peakBytes(): number {
    return peakBytesOf(this.#worker);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  #now(): Cost {
    return { cpuMs: cpuMsOf(process.pid) + cpuMsOf(this.#worker), wallMs: performance.now() };
  }
}
