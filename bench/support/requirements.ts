/** A figure and its upper limit. */
export interface Requirement {
  what: string;
  value: number;
  most: number;
}

/** Prints the figures above their limits, makes the benchmark fail if there are any, and returns their lines. */
export function printShortfalls(requirements: Requirement[]): string[] {
  const missed = requirements
    .filter(({ value, most }) => !(value <= most))
    .map(({ what, value, most }) => `${what}: ${value.toFixed(2)} > ${most}`);
  console.log(missed.length === 0 ? "\nAll requirements are met." : `\nNot met:\n  ${missed.join("\n  ")}`);
  if (missed.length > 0) process.exitCode = 1;
  return missed;
}
