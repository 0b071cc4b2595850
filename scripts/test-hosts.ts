// npm run test:hosts: the tests that depend on Node-RED, on other Node-REDs than the one that this project brings.
//   npm run test:hosts                  on each of them in turn
//   npm run test:hosts -- --host 3.1    on one
// Writes the counts of all of them into the file that TEST_COUNTS names, as the tests themselves do.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { HOSTS, installHost, type Host } from "../tools/hosts";

const ROOT = join(__dirname, "..");
const MOCHA = require.resolve("mocha/bin/mocha.js");
/** Flows, editor, dashboard, and what Node-RED's process loads. What runs beside Node-RED is the same on all. */
const TESTS = [
  "test/nodes/*.test.ts",
  "test/e2e/editor*.test.ts",
  "test/e2e/mqtt-dashboard.test.ts",
  "test/e2e/native.test.ts",
];

interface Result {
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
}

async function testHost(name: string, host: Host): Promise<Result> {
  const { folder, node } = await installHost(host);
  console.log(`\nNode-RED ${host.version} (${node})`);
  const scratch = mkdtempSync(join(tmpdir(), "segment-hosts-"));
  const counts = join(scratch, "counts");
  const began = performance.now();
  try {
    const code = await mocha(node, { NODE_RED_HOME: folder, TEST_COUNTS: counts });
    const [passed = 0, failed = 0, skipped = 0] = readFileSync(counts, "utf8").trim().split(" ").map(Number);
    const seconds = Math.round((performance.now() - began) / 1000);
    return { passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped, seconds };
  } catch (error) {
    console.error(`The tests on Node-RED ${name} have come to no end:`, error);
    return { passed: 0, failed: 1, skipped: 0, seconds: Math.round((performance.now() - began) / 1000) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function mocha(node: string, env: Record<string, string>): Promise<number | null> {
  const args = [MOCHA, "--parallel", "--jobs", "2", ...TESTS];
  const child = spawn(node, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { host: { type: "string" } } });
  const hosts = Object.entries(HOSTS).filter(([name]) => values.host === undefined || values.host === name);
  if (hosts.length === 0) throw new Error(`There is no host "${values.host}": ${Object.keys(HOSTS).join(", ")}.`);
  const results: [string, Result][] = [];
  for (const [name, host] of hosts) results.push([host.version, await testHost(name, host)]);

  console.log("\nNode-RED   passed  failed  skipped  seconds");
  for (const [version, { passed, failed, skipped, seconds }] of results) {
    const cells = [String(passed).padStart(8), String(failed).padStart(8), String(skipped).padStart(9)];
    console.log(`${version.padEnd(9)}${cells.join("")}${String(seconds).padStart(9)}`);
  }
  const sum = (key: keyof Result): number => results.reduce((total, [, result]) => total + result[key], 0);
  if (process.env.TEST_COUNTS !== undefined) {
    writeFileSync(process.env.TEST_COUNTS, `${sum("passed")} ${sum("failed")} ${sum("skipped")}\n`);
  }
  if (sum("failed") > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
