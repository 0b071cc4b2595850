import type { Prompt } from "../../src/api";
import type { Item } from "../../tools/dataset";

/** CPU and wall time. */
export interface Cost {
  cpuMs: number;
  wallMs: number;
}

/** What a contestant made of a prompt. */
export interface Answer {
  iou: number;
  cost: Cost;
  /** The part of the cost that is spent once a picture, where it can be told apart. */
  picture?: Cost;
  score?: number;
  vertices?: number;
}

/** Answers one question after the other, in a process of its own. */
export interface Contestant {
  /** @param salt makes it take a picture for another one than before */
  answer(item: Item, prompt: Prompt, salt: string): Promise<Answer>;
  /** The most memory in bytes that it has held. */
  peakBytes(): number;
  close(): Promise<void>;
}
