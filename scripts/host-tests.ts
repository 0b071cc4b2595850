import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HOSTS, installHost } from "../tools/hosts";
import { runMocha, type TestRun } from "./mocha";

const ROOT = join(__dirname, "..");
/** Native code that Node-RED's process loads. */
const NATIVE = "test/e2e/native.test.ts";
/** `sample`: one file of the editor instead of all browser tests. */
export type BrowserTests = "none" | "sample" | "all";
const BROWSER: Record<BrowserTests, string[]> = {
  none: [],
  sample: ["test/e2e/editor.test.ts"],
  all: ["test/e2e/editor*.test.ts", "test/e2e/mqtt-dashboard.test.ts"],
};

export interface HostTests {
  /** Whether to run the tests that load flows. */
  flows: boolean;
  browser: BrowserTests;
}

/** Runs the tests that depend on Node-RED on one of {@link HOSTS}. */
export async function testHost(name: string, { flows, browser }: HostTests): Promise<TestRun> {
  const host = HOSTS[name];
  if (host === undefined) throw new Error(`There is no host "${name}": ${Object.keys(HOSTS).join(", ")}.`);
  const { folder, node } = await installHost(host);
  console.log(`\nNode-RED ${host.version} (${node})`);
  return runMocha({
    name: `Node-RED ${host.version}`,
    files: [...(flows ? [...flowTests(), NATIVE] : []), ...BROWSER[browser]],
    node,
    env: { NODE_RED_HOME: folder },
  });
}

/** The tests of nodes that use Node-RED. The others would only run the same code again. */
function flowTests(): string[] {
  return readdirSync(join(ROOT, "test", "nodes"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => join("test", "nodes", file))
    .filter((file) =>
      /\/(flow|node-red|segment-server)"|node-red-node-test-helper/.test(readFileSync(join(ROOT, file), "utf8")),
    );
}
