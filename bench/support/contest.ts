import type { Prompt } from "../../src/api";
import { Baseline, type Cost } from "./baseline";
import { PROMPT_NAMES, type AnyPromptName, type Item } from "./dataset";
import { EngineUnderTest } from "./engine-under-test";

/** What is measured: the engines, graphcut also in its fast form, and what they are measured against. */
export const ENGINE_NAMES = ["sam", "graphcut", "graphcut fast"] as const;
export const BASELINE_NAMES = ["bare loop", "GrabCut"] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];
export type BaselineName = (typeof BASELINE_NAMES)[number];
export type ContestantName = EngineName | BaselineName;

/** What a contestant made of a prompt. */
export interface Answer {
  iou: number;
  cost: Cost;
  /** The part of the cost that is spent once a picture, where it can be told apart. */
  picture?: Cost;
  score?: number;
  vertices?: number;
}

export interface Measurement extends Answer {
  contestant: ContestantName;
  folder: string;
  image: string;
  prompt: AnyPromptName;
}

/** Answers one question after the other, in a process of its own. */
export interface Contestant {
  /** @param salt makes it take a picture for another one than before */
  answer(item: Item, prompt: Prompt, salt: string): Promise<Answer>;
  /** The most memory in bytes that it has held. */
  peakBytes(): number;
  close(): Promise<void>;
}

const START: Record<ContestantName, () => Contestant> = {
  sam: () => new EngineUnderTest("sam"),
  graphcut: () => new EngineUnderTest("graphcut", { fast: false }),
  "graphcut fast": () => new EngineUnderTest("graphcut", { fast: true }),
  "bare loop": () => new Baseline("bare-loop.ts"),
  GrabCut: () => new Baseline("grabcut.ts"),
};

/** The first prompt on a picture pays for what is done once a picture. */
export function isNewPicture({ prompt }: Measurement): boolean {
  return prompt === PROMPT_NAMES[0];
}

/** Asks engines and baselines the same questions, one after the other. */
export class Contest {
  readonly #contestants: { name: ContestantName; contestant: Contestant }[];

  constructor(names: ContestantName[]) {
    this.#contestants = names.map((name) => ({ name, contestant: START[name]() }));
  }

  async measure(folder: string, item: Item, prompt: AnyPromptName, salt = ""): Promise<Measurement[]> {
    const measurements: Measurement[] = [];
    for (const { name, contestant } of this.#contestants) {
      const answer = await contestant.answer(item, item.prompts[prompt], salt);
      measurements.push({ contestant: name, folder, image: item.file, prompt, ...answer });
    }
    return measurements;
  }

  /** The most memory in bytes that each contestant has held. */
  peakBytes(): Partial<Record<ContestantName, number>> {
    return Object.fromEntries(this.#contestants.map(({ name, contestant }) => [name, contestant.peakBytes()]));
  }

  async close(): Promise<void> {
    await Promise.all(this.#contestants.map(({ contestant }) => contestant.close()));
  }
}
