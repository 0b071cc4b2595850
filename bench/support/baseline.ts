/** What the engine is measured against: each baseline runs in a process of its own, so that its memory can be told apart. */
import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Prompt } from "../../src/api";
import type { Answer, Contestant, Cost } from "./contestant";
import type { Item } from "../../tools/dataset";
import { peakBytesOf } from "../../tools/processes";

export interface BaselineRequest {
  file: string;
  maskFile: string;
  prompt: Prompt;
}

export interface BaselineAnswer {
  iou: number;
  /** What is done once a picture; 0 when the picture was the last one. */
  picture: Cost;
  /** What each prompt costs. */
  prompt: Cost;
}

/** Asks a baseline from the benchmark. */
export class Baseline implements Contestant {
  readonly #process: ChildProcess;

  /** @param script a file of this folder, which calls `serveBaseline` */
  constructor(script: string) {
    this.#process = fork(join(__dirname, script), [], { execArgv: ["--require", "tsx/cjs"] });
  }

  async answer({ file, maskFile }: Item, prompt: Prompt): Promise<Answer> {
    const { iou, ...costs } = await this.#ask({ file, maskFile, prompt });
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

  #ask(request: BaselineRequest): Promise<BaselineAnswer> {
    return new Promise((resolve, reject) => {
      const onExit = (): void => {
        reject(new Error("A baseline ended: see its message above."));
      };
      this.#process.once("exit", onExit);
      this.#process.once("message", (answer) => {
        this.#process.off("exit", onExit);
        resolve(answer as BaselineAnswer);
      });
      this.#process.send(request);
    });
  }
}

/** Answers the benchmark's requests in the baseline's process. */
export function serveBaseline(answer: (request: BaselineRequest) => Promise<BaselineAnswer>): void {
  process.on("disconnect", () => process.exit(0));
  process.on("message", (request: BaselineRequest) => {
    void answer(request).then((result) => process.send?.(result));
  });
}

/** A clock of this process's CPU and wall time: each reading tells what passed since the one before. */
export function stopwatch(): () => Cost {
  let last = now();
  return () => {
    const next = now();
    const passed = { cpuMs: next.cpuMs - last.cpuMs, wallMs: next.wallMs - last.wallMs };
    last = next;
    return passed;
  };
}

function now(): Cost {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000, wallMs: performance.now() };
}
