import type { Prompt } from "../../src/api";
import type { Item } from "../../tools/dataset";

/** CPU and wall time. */
export interface Cost {
  cpuMs: number;
  wallMs: number;
}

/** The result of a contestant for one prompt. */
export interface Outcome {
  iou: number;
  cost: Cost;
  /** The part of the cost that is spent once a picture, where it is measured separately. */
  picture?: Cost;
  score?: number;
  vertices?: number;
}

/** Segments one prompt after the other, in a process of its own. */
export interface Contestant {
  /** @param salt makes a picture count as a new one */
  segment(item: Item, prompt: Prompt, salt: string): Promise<Outcome>;
  /** Its peak memory in bytes. */
  peakBytes(): number;
  close(): Promise<void>;
}
