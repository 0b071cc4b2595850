import type { BaselineAnswer, Cost } from "./baseline";
import { BASELINES, isNewPicture, type BaselineName, type Measurement } from "./contest";
import { PROMPT_NAMES, type PromptName } from "./dataset";
import { mean, spread } from "./statistics";

/** Prompts of a single box or point. */
const ONE_HINT: PromptName[] = ["box", "loose", "point"];

type Spread = ReturnType<typeof spread>;

/** A kind of question, what it costs engine and baselines, and the ratio of the means in CPU. */
export interface Comparison {
  engine: { cpuMs: Spread; wallMs: Spread };
  baselines: Record<BaselineName, { cpuMs: Spread; wallMs: Spread; cpuRatio: number }>;
}
export type CostTable = Record<"newPicture" | "oneHint" | "severalHints" | "allPrompts", Comparison>;

/** Cost of a new picture with its first prompt, of further prompts on it, and of all prompts on a picture together. */
export function costs(measurements: Measurement[]): CostTable {
  const further = measurements.filter((each) => !isNewPicture(each));
  const hasOneHint = ({ prompt }: Measurement): boolean => ONE_HINT.includes(prompt);
  const promptOnly = ({ prompt }: BaselineAnswer, key: keyof Cost): number => prompt[key];
  const withPicture = ({ picture, prompt }: BaselineAnswer, key: keyof Cost): number => picture[key] + prompt[key];
  const one = (each: Measurement): Measurement[] => [each];
  return {
    newPicture: compare(measurements.filter(isNewPicture).map(one), withPicture),
    oneHint: compare(further.filter(hasOneHint).map(one), promptOnly),
    severalHints: compare(further.filter((each) => !hasOneHint(each)).map(one), promptOnly),
    allPrompts: compare(picturesOf(measurements), withPicture),
  };
}

/** @param groups measurements that are added up */
function compare(groups: Measurement[][], of: (answer: BaselineAnswer, key: keyof Cost) => number): Comparison {
  const sums = (value: (each: Measurement) => number): number[] =>
    groups.map((group) => group.reduce((sum, each) => sum + value(each), 0));
  const engine = sums(({ cpuMs }) => cpuMs);
  const against = (name: BaselineName) => {
    const cpu = sums(({ baselines }) => of(baselines[name], "cpuMs"));
    const wall = sums(({ baselines }) => of(baselines[name], "wallMs"));
    return { cpuMs: spread(cpu), wallMs: spread(wall), cpuRatio: mean(engine) / mean(cpu) };
  };
  return {
    engine: { cpuMs: spread(engine), wallMs: spread(sums(({ wallMs }) => wallMs)) },
    baselines: { "bare loop": against("bare loop"), GrabCut: against("GrabCut") },
  };
}

/** The measurements of each picture, which stand one after the other. */
function picturesOf(measurements: Measurement[]): Measurement[][] {
  const count = PROMPT_NAMES.length;
  return Array.from({ length: measurements.length / count }, (_, k) => measurements.slice(k * count, (k + 1) * count));
}

const TITLES: Record<keyof CostTable, string> = {
  newPicture: "a new picture and its first prompt",
  oneHint: "a further prompt of one hint",
  severalHints: "a further prompt of several hints",
  allPrompts: `a picture and ${PROMPT_NAMES.length} prompts`,
};

export function printCosts(table: CostTable): void {
  for (const [kind, title] of Object.entries(TITLES)) {
    const { engine, baselines } = table[kind as keyof CostTable];
    console.log(`\nCost of ${title}, ms`);
    console.log(line("engine", engine));
    for (const name of BASELINES) {
      console.log(`${line(name, baselines[name])}  (engine ${baselines[name].cpuRatio.toFixed(2)} x its CPU)`);
    }
  }
}

function line(label: string, { cpuMs, wallMs }: { cpuMs: Spread; wallMs: Spread }): string {
  const part = ({ mean: average, p50, p95 }: Spread): string => `mean ${average}, p50 ${p50}, p95 ${p95}`;
  return `  ${label.padEnd(10)} CPU ${part(cpuMs)}; wall ${part(wallMs)}`;
}
