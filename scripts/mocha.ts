import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(__dirname, "..");
const MOCHA = require.resolve("mocha/bin/mocha.js");

/** What came out of one run of mocha. */
export interface TestRun {
  name: string;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
}

export interface TestRunOptions {
  /** The row's name in the table of results. */
  name: string;
  /** Test files or patterns of them. They start in this order. */
  files: readonly string[];
  /**
   * One file after another in one process. Otherwise in one process more than there are cores, as many tests wait for
   * another process or for a timer.
   */
  serial?: boolean;
  /** The Node.js to run them on. */
  node?: string;
  env?: Record<string, string>;
}

/** Runs test files. A run that fails without a failed test counts as one failure. Never rejects. */
export async function runMocha(options: TestRunOptions): Promise<TestRun> {
  const scratch = mkdtempSync(join(tmpdir(), "segment-tests-"));
  const counts = join(scratch, "counts");
  const began = performance.now();
  const result = { name: options.name, passed: 0, failed: 1, skipped: 0, seconds: 0 };
  try {
    const code = await spawnMocha(options, counts);
    const [passed = 0, failed = 0, skipped = 0] = readFileSync(counts, "utf8").trim().split(" ").map(Number);
    Object.assign(result, { passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped });
  } catch (error) {
    console.error(`The tests "${options.name}" did not run to their end:`, error);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return { ...result, seconds: Math.round((performance.now() - began) / 1000) };
}

function spawnMocha(options: TestRunOptions, counts: string): Promise<number | null> {
  const { files, serial = false, node = process.execPath, env = {} } = options;
  const parallel = serial ? [] : ["--parallel", "--jobs", String(availableParallelism() + 1)];
  const args = [MOCHA, ...parallel, ...files];
  const child = spawn(node, args, {
    cwd: ROOT,
    env: { ...process.env, ...env, TEST_COUNTS: counts },
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
}

/** Prints a table of all runs, writes their sum into the file that TEST_COUNTS names, and sets the exit code. */
export function report(runs: readonly TestRun[]): void {
  const width = Math.max(...runs.map(({ name }) => name.length));
  const row = (name: string, cells: (string | number)[]): string =>
    name.padEnd(width) + cells.map((cell) => String(cell).padStart(9)).join("");
  console.log(`\n${row("", ["passed", "failed", "skipped", "seconds"])}`);
  for (const { name, passed, failed, skipped, seconds } of runs) {
    console.log(row(name, [passed, failed, skipped, seconds]));
  }
  const sum = (key: "passed" | "failed" | "skipped"): number => runs.reduce((total, run) => total + run[key], 0);
  if (process.env.TEST_COUNTS !== undefined) {
    writeFileSync(process.env.TEST_COUNTS, `${sum("passed")} ${sum("failed")} ${sum("skipped")}\n`);
  }
  if (sum("failed") > 0) process.exitCode = 1;
}
