import { Baseline } from "./baseline";
import type { Answer, Contestant } from "./contestant";
import { PROMPT_NAMES, type AnyPromptName, type Item } from "../../tools/dataset";
import { EngineUnderTest } from "./engine-under-test";

/** What is measured: the engines, graphcut also in its fast form, and what they are measured against. */
export const ENGINE_NAMES = ["sam", "graphcut", "graphcut fast"] as const;
export const BASELINE_NAMES = ["bare loop", "GrabCut"] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];
export type BaselineName = (typeof BASELINE_NAMES)[number];
export type ContestantName = EngineName | BaselineName;

export interface Measurement extends Answer {
  contestant: ContestantName;
  folder: string;
  image: string;
  prompt: AnyPromptName;
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
