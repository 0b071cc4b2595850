/** The baselines that the engines are compared with. Each runs in a process of its own, so that its memory is its own. */
import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Prompt } from "../../src/api";
import type { Contestant, Cost, Outcome } from "./contestant";
import type { Item } from "../../tools/dataset";
import { peakBytesOf } from "../../tools/processes";

export interface BaselineRequest {
  file: string;
  maskFile: string;
  prompt: Prompt;
}

export interface BaselineResult {
  iou: number;
  /** The work that is done once a picture; 0 when the picture is the same as before. */
  picture: Cost;
  /** The work for the prompt. */
  prompt: Cost;
}

/** The benchmark's side of a baseline. */
export class Baseline implements Contestant {
  readonly #process: ChildProcess;

  /** @param script a file of this folder, which calls `serveBaseline` */
  constructor(script: string) {
    this.#process = fork(join(__dirname, script), [], { execArgv: ["--require", "tsx/cjs"] });
  }

  async segment({ file, maskFile }: Item, prompt: Prompt): Promise<Outcome> {
    const { iou, ...costs } = await this.#request({ file, maskFile, prompt });
    const total = (key: keyof Cost): number => costs.picture[key] + costs.prompt[key];
    return { iou, cost: { cpuMs: total("cpuMs"), wallMs: total("wallMs") }, picture: costs.picture };
  }

  peakBytes(): number {
    return peakBytesOf(this.#process.pid ?? 0);
  }

  close(): Promise<void> {
    this.#process.disconnect();
    return Promise.resolve();
  }

  #request(request: BaselineRequest): Promise<BaselineResult> {
    return new Promise((resolve, reject) => {
      const onExit = (): void => {
        reject(new Error("A baseline ended: see its message above."));
      };
      this.#process.once("exit", onExit);
      this.#process.once("message", (result) => {
        this.#process.off("exit", onExit);
        resolve(result as BaselineResult);
      });
      this.#process.send(request);
    });
  }
}

/** Serves the benchmark's requests, in the baseline's process. */
export function serveBaseline(segment: (request: BaselineRequest) => Promise<BaselineResult>): void {
  process.on("disconnect", () => process.exit(0));
  process.on("message", (request: BaselineRequest) => {
    void segment(request).then((result) => process.send?.(result));
  });
}

/** A clock of this process's CPU and wall time: each call returns the time since the previous one. */
export function stopwatch(): () => Cost {
  let last = now();
  return () => {
    const next = now();
    const elapsed = { cpuMs: next.cpuMs - last.cpuMs, wallMs: next.wallMs - last.wallMs };
    last = next;
    return elapsed;
  };
}

function now(): Cost {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000, wallMs: performance.now() };
}
