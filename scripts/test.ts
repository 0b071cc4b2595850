// Runs the tests of this project on what `npm run build` made.
//   tsx scripts/test.ts        all but the soak group (`npm test`)
//   tsx scripts/test.ts soak   the soak group (`npm run test:soak`): what takes long and rarely fails, and the other
//                              Node-REDs. SOAK=short takes fewer pictures, a sample of the fault matrix and one file of
//                              the editor.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { testHost } from "./host-tests";
import { report, runMocha, type TestRun } from "./mocha";

/** Files that need the machine for themselves. */
const SERIAL = [
  "test/e2e/install-sam.test.ts", // npm runs in it, within time limits
  "test/engine/memory.test.ts", // limits the memory of a process
];

/**
 * The files that take longest, by falling CPU time. They start first, so that no core is idle at the end because the other
 * still has a long file to run.
 */
const LONGEST = [
  "test/e2e/mqtt-dashboard.test.ts",
  "test/e2e/demo.test.ts",
  "test/e2e/editor.test.ts",
  "test/e2e/editor-prompt.test.ts",
  "test/e2e/editor-login.test.ts",
  "test/engine/pictures.test.ts",
  "test/nodes/results.test.ts",
  "test/engine/engine-faults.test.ts",
  "test/engine/engine.test.ts",
  "test/embedded/embedded.test.ts",
  "test/embedded/jobs.test.ts",
  "test/nodes/concurrency.test.ts",
  "test/server/contract.test.ts",
  "test/nodes/lifecycle.test.ts",
  "test/nodes/resume.test.ts",
];

const isShort = process.env.SOAK === "short";

/** One run after another, so that each has the whole machine. */
const GROUPS: Record<string, (() => Promise<TestRun>)[]> = {
  test: [
    () => runMocha({ name: "in parallel", files: filesToRunInParallel() }),
    () => runMocha({ name: "one by one", files: SERIAL, serial: true }),
  ],
  soak: [
    () => runMocha({ name: "soak", files: ["test/**/*.soak.ts"] }),
    ...(isShort
      ? [() => testHost("5.0", { flows: false, browser: "sample" })]
      : [
          () => testHost("5.0", { flows: true, browser: "all" }),
          () => testHost("3.1", { flows: true, browser: "all" }),
        ]),
  ],
};

/** All test files but SERIAL: first LONGEST, then the others in the order of their names. */
function filesToRunInParallel(): string[] {
  const others = readdirSync(join(__dirname, "..", "test"), { recursive: true, encoding: "utf8" })
    .map((file) => `test/${file.replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith(".test.ts") && !LONGEST.includes(file) && !SERIAL.includes(file))
    .sort();
  return [...LONGEST, ...others];
}

async function main(): Promise<void> {
  const [name = "test"] = process.argv.slice(2);
  const group = GROUPS[name];
  if (group === undefined) throw new Error(`There is no group "${name}": ${Object.keys(GROUPS).join(", ")}.`);
  const runs: TestRun[] = [];
  for (const run of group) runs.push(await run());
  report(runs);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
