/** A figure and the most that it may be. */
export interface Requirement {
  what: string;
  value: number;
  most: number;
}

/** Prints which figures are higher than required, lets the benchmark fail if any is, and returns their lines. */
export function printShortfalls(requirements: Requirement[]): string[] {
  const missed = requirements
    .filter(({ value, most }) => !(value <= most))
    .map(({ what, value, most }) => `${what}: ${value.toFixed(2)} > ${most}`);
  console.log(missed.length === 0 ? "\nAll requirements are met." : `\nNot met:\n  ${missed.join("\n  ")}`);
  if (missed.length > 0) process.exitCode = 1;
  return missed;
}
