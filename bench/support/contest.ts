import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createEngine, type Engine } from "../../src/engine";
import { Baseline, type BaselineAnswer } from "./baseline";
import { BENCH_DATA_DIR, PROMPT_NAMES, readMask, type Item, type PromptName } from "./dataset";
import { childProcesses, cpuMsOf, peakBytesOf } from "./processes";
import { intersectionOverUnion, rasterize } from "./rasterize";

/** What the engine is measured against. */
export const BASELINES = ["bare loop", "GrabCut"] as const;
export type BaselineName = (typeof BASELINES)[number];
const SCRIPTS: Record<BaselineName, string> = { "bare loop": "bare-loop.ts", GrabCut: "grabcut.ts" };

/** What engine and baselines made of a prompt. */
export interface Measurement {
  folder: string;
  image: string;
  prompt: PromptName;
  iou: number;
  score: number;
  vertices: number;
  cpuMs: number;
  wallMs: number;
  baselines: Record<BaselineName, BaselineAnswer>;
}

/** The first prompt on a picture pays for what is done once a picture. */
export function isNewPicture({ prompt }: Measurement): boolean {
  return prompt === PROMPT_NAMES[0];
}

/** Asks the sam engine and the baselines the same questions, one after the other. */
export class Contest {
  readonly #engine: Engine;
  readonly #worker: number;
  readonly #baselines: Record<BaselineName, Baseline>;

  constructor() {
    const others = childProcesses();
    this.#engine = createEngine({ engine: "sam", workers: 1, dataDir: BENCH_DATA_DIR, log: console.error });
    const [worker] = childProcesses().filter((pid) => !others.includes(pid));
    if (worker === undefined) throw new Error(`The engine did not start: ${this.#engine.health().reason ?? ""}`);
    this.#worker = worker;
    const start = (name: BaselineName): Baseline => new Baseline(join(__dirname, SCRIPTS[name]));
    this.#baselines = { "bare loop": start("bare loop"), GrabCut: start("GrabCut") };
  }

  /** @param salt makes the engine take a picture for another one, so that it does not keep its embedding */
  async measure(folder: string, item: Item, prompt: PromptName, salt = ""): Promise<Measurement> {
    const { file, maskFile, prompts } = item;
    const { mask, size } = await readMask(maskFile);
    const request = { file, maskFile, prompt: prompts[prompt] };
    const baselines = {
      "bare loop": await this.#baselines["bare loop"].ask(request),
      GrabCut: await this.#baselines.GrabCut.ask(request),
    };
    const sha256 = createHash("sha256").update(readFileSync(file)).update(salt).digest("hex");
    const start = { cpuMs: this.#cpuMs(), wallMs: performance.now() };
    const [segment] = await this.#engine.segment({ file, sha256, prompt: prompts[prompt] });
    const end = { cpuMs: this.#cpuMs(), wallMs: performance.now() };
    const polygons = segment?.polygons ?? [];
    return {
      folder,
      image: file,
      prompt,
      iou: intersectionOverUnion(rasterize(polygons, size), mask),
      score: segment?.score ?? 0,
      vertices: polygons.reduce((sum, { vertices }) => sum + vertices.length, 0),
      cpuMs: end.cpuMs - start.cpuMs,
      wallMs: end.wallMs - start.wallMs,
      baselines,
    };
  }

  /** The most memory in bytes that the engine's worker has held. */
  peakBytes(): number {
    return peakBytesOf(this.#worker);
  }

  async close(): Promise<void> {
    for (const baseline of Object.values(this.#baselines)) baseline.close();
    await this.#engine.close();
  }

  /** Of this process, which holds the queue, and of the worker. */
  #cpuMs(): number {
    return cpuMsOf(process.pid) + cpuMsOf(this.#worker);
  }
}
