/** What the engine is measured against: each baseline runs in a process of its own, so that its memory can be told apart. */
import { fork, type ChildProcess } from "node:child_process";
import type { Prompt } from "../../src/api";

export interface BaselineRequest {
  file: string;
  maskFile: string;
  prompt: Prompt;
}

/** CPU and wall time. */
export interface Cost {
  cpuMs: number;
  wallMs: number;
}

export interface BaselineAnswer {
  iou: number;
  /** What is done once a picture; 0 when the picture was the last one. */
  picture: Cost;
  /** What each prompt costs. */
  prompt: Cost;
  peakBytes: number;
}

/** Asks a baseline from the benchmark. */
export class Baseline {
  readonly #process: ChildProcess;

  /** @param script the baseline's file, which calls `serveBaseline` */
  constructor(script: string) {
    this.#process = fork(script, [], { execArgv: ["--require", "tsx/cjs"] });
  }

  ask(request: BaselineRequest): Promise<BaselineAnswer> {
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

  close(): void {
    this.#process.disconnect();
  }
}

/** Answers the benchmark's requests in the baseline's process. */
export function serveBaseline(answer: (request: BaselineRequest) => Promise<Omit<BaselineAnswer, "peakBytes">>): void {
  process.on("disconnect", () => process.exit(0));
  process.on("message", (request: BaselineRequest) => {
    void answer(request).then((result) =>
      process.send?.({ ...result, peakBytes: process.resourceUsage().maxRSS * 1024 }),
    );
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
