import { Baseline } from "./baseline";
import type { Contestant, Outcome } from "./contestant";
import { PROMPT_NAMES, type AnyPromptName, type Item } from "../../tools/dataset";
import { EngineUnderTest } from "./engine-under-test";

/** The engines under test, graphcut also in its fast form, and the baselines that they are compared with. */
export const ENGINE_NAMES = ["sam", "graphcut", "graphcut fast"] as const;
export const BASELINE_NAMES = ["bare loop", "GrabCut"] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];
export type BaselineName = (typeof BASELINE_NAMES)[number];
export type ContestantName = EngineName | BaselineName;

export interface Measurement extends Outcome {
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

/** Whether the cost includes the work that is done once a picture: the first prompt on it pays for that. */
export function isNewPicture({ prompt }: Measurement): boolean {
  return prompt === PROMPT_NAMES[0];
}

/** Gives engines and baselines the same prompts, one after the other. */
export class Contest {
  readonly #contestants: { name: ContestantName; contestant: Contestant }[];

  constructor(names: ContestantName[]) {
    this.#contestants = names.map((name) => ({ name, contestant: START[name]() }));
  }

  async measure(folder: string, item: Item, prompt: AnyPromptName, salt = ""): Promise<Measurement[]> {
    const measurements: Measurement[] = [];
    for (const { name, contestant } of this.#contestants) {
      const outcome = await contestant.segment(item, item.prompts[prompt], salt);
      measurements.push({ contestant: name, folder, image: item.file, prompt, ...outcome });
    }
    return measurements;
  }

  /** Peak memory of each contestant in bytes. */
  peakBytes(): Partial<Record<ContestantName, number>> {
    return Object.fromEntries(this.#contestants.map(({ name, contestant }) => [name, contestant.peakBytes()]));
  }

  async close(): Promise<void> {
    await Promise.all(this.#contestants.map(({ contestant }) => contestant.close()));
  }
}
