import { BASELINE_NAMES, isNewPicture, type ContestantName, type Measurement } from "./contest";
import { PROMPT_NAMES, type AnyPromptName } from "../../tools/dataset";
import { mean, spread } from "../../tools/statistics";

/** Prompts of a single box or point. */
const ONE_HINT: AnyPromptName[] = ["box", "loose", "point"];

type Spread = ReturnType<typeof spread>;

const TITLES = {
  newPicture: "a new picture and its first prompt",
  oneHint: "a further prompt of one hint",
  severalHints: "a further prompt of several hints",
  allPrompts: `a picture and ${PROMPT_NAMES.length} prompts`,
};
type SpreadKind = keyof typeof TITLES;
/** `picture`: the cost of a picture apart from its prompts. */
export type CostKind = SpreadKind | "picture";

/** The costs of a contestant. */
export interface Costs {
  spreads: Record<SpreadKind, { cpuMs: Spread; wallMs: Spread }>;
  meanCpuMs: Record<CostKind, number>;
}
export type CostTable = Partial<Record<ContestantName, Costs>>;

/** @param measurements of one contestant: for each picture one for each of PROMPT_NAMES, in that order */
export function costs(measurements: Measurement[]): Costs {
  const further = measurements.filter((each) => !isNewPicture(each));
  const hasOneHint = ({ prompt }: Measurement): boolean => ONE_HINT.includes(prompt);
  const one = (each: Measurement): Measurement[] => [each];
  const groups: Record<SpreadKind, Measurement[][]> = {
    newPicture: measurements.filter(isNewPicture).map(one),
    oneHint: further.filter(hasOneHint).map(one),
    severalHints: further.filter((each) => !hasOneHint(each)).map(one),
    allPrompts: picturesOf(measurements),
  };
  const sums = (kind: SpreadKind, key: "cpuMs" | "wallMs"): number[] =>
    groups[kind].map((group) => group.reduce((sum, { cost }) => sum + cost[key], 0));
  const spreads = (kind: SpreadKind) => ({ cpuMs: spread(sums(kind, "cpuMs")), wallMs: spread(sums(kind, "wallMs")) });
  const meanCpuMs = (kind: SpreadKind): number => mean(sums(kind, "cpuMs"));
  const pictureMs = measurements.filter(isNewPicture).flatMap(({ picture }) => picture?.cpuMs ?? []);
  return {
    spreads: {
      newPicture: spreads("newPicture"),
      oneHint: spreads("oneHint"),
      severalHints: spreads("severalHints"),
      allPrompts: spreads("allPrompts"),
    },
    meanCpuMs: {
      newPicture: meanCpuMs("newPicture"),
      oneHint: meanCpuMs("oneHint"),
      severalHints: meanCpuMs("severalHints"),
      allPrompts: meanCpuMs("allPrompts"),
      picture: pictureMs.length > 0 ? mean(pictureMs) : meanCpuMs("newPicture") - meanCpuMs("oneHint"),
    },
  };
}

/** Mean CPU of a contestant over that of another one. */
export function cpuRatio(table: CostTable, kind: CostKind, of: ContestantName, to: ContestantName): number {
  return (table[of]?.meanCpuMs[kind] ?? NaN) / (table[to]?.meanCpuMs[kind] ?? NaN);
}

/** The measurements of each picture. */
function picturesOf(measurements: Measurement[]): Measurement[][] {
  const count = PROMPT_NAMES.length;
  return Array.from({ length: measurements.length / count }, (_, k) => measurements.slice(k * count, (k + 1) * count));
}

export function printCosts(table: CostTable): void {
  const names = Object.keys(table) as ContestantName[];
  for (const [kind, title] of Object.entries(TITLES) as [SpreadKind, string][]) {
    console.log(`\nCost of ${title}, ms`);
    for (const name of names) {
      const { cpuMs, wallMs } = table[name]?.spreads[kind] ?? {};
      if (cpuMs && wallMs) console.log(`${line(name, cpuMs, wallMs)}${ratios(table, kind, name)}`);
    }
  }
  console.log("\nCPU of a picture apart from its prompts, ms");
  for (const name of names) {
    console.log(
      `  ${name.padEnd(13)} ${(table[name]?.meanCpuMs.picture ?? NaN).toFixed(0)}${ratios(table, "picture", name)}`,
    );
  }
}

function line(name: string, cpuMs: Spread, wallMs: Spread): string {
  const part = ({ mean: average, p50, p95 }: Spread): string => `mean ${average}, p50 ${p50}, p95 ${p95}`;
  return `  ${name.padEnd(13)} CPU ${part(cpuMs)}; wall ${part(wallMs)}`;
}

function ratios(table: CostTable, kind: CostKind, name: ContestantName): string {
  const baselines = BASELINE_NAMES.filter((baseline) => baseline !== name && table[baseline] !== undefined);
  if (BASELINE_NAMES.some((baseline) => baseline === name)) return "";
  const each = baselines.map((baseline) => `${cpuRatio(table, kind, name, baseline).toFixed(2)} x ${baseline}`);
  return `  (CPU: ${each.join(", ")})`;
}
