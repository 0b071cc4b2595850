// The package as users get it: packed, installed as Node-RED's palette installs it, and run in a real Node-RED.
// It takes minutes and needs the registry: `npm run test:packed` runs it, `npm test` does not.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { startNodeRed, type Flow, type RunningNodeRed } from "../../examples/demo/node-red";
import { readOutcome, resultOf, writeOutcomesTo, type Outcome } from "../../examples/demo/outcome";
import { removeFolder } from "../support/remove-folder";

const ROOT = join(__dirname, "..", "..");
const MINUTE = 60_000;
const run = promisify(execFile);

const packedSchema = z.tuple([
  z.object({
    filename: z.string(),
    unpackedSize: z.number(),
    files: z.array(z.object({ path: z.string() })),
    bundled: z.array(z.string()),
  }),
]);

/** What may be in the package. Everything else, as sources, tests and weights, may not. */
const CONTENTS = [
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|NOTICE)$/,
  /^dist\/(nodes|src)\/.+\.(js|html|json|svg)$/,
  /^docs\/.+\.(md|jpg)$/,
  /^examples\/[^/]+\.json$/,
  /^pictures\/[a-z]+\.jpg$/,
  /^node_modules\//,
];

describe("the packed package", function () {
  this.timeout(10 * MINUTE);
  let home: string;
  let userDir: string;
  let packed: z.infer<typeof packedSchema>[0];

  before(async () => {
    home = mkdtempSync(join(tmpdir(), "segment-packed-"));
    userDir = join(home, ".node-red");
    mkdirSync(userDir);
    const { stdout } = await npm(ROOT, "pack", "--silent", "--json", "--pack-destination", home);
    [packed] = packedSchema.parse(JSON.parse(stdout));
  });
  after(() => removeFolder(home));

  it("holds what users need and nothing else", () => {
    const strangers = packed.files.map(({ path }) => path).filter((path) => !CONTENTS.some((form) => form.test(path)));
    assert.deepEqual(strangers, []);
    assert.ok(packed.bundled.includes("fastify"));
    assert.ok(packed.unpackedSize < 15_000_000, `${packed.unpackedSize} bytes`);
  });

  it("installs as the palette manager installs it", async () => {
    const options = ["--no-audit", "--no-fund", "--save", "--save-prefix=~", "--omit=dev", "--engine-strict"];
    await npm(userDir, "install", ...options, join(home, packed.filename));
  });

  it("runs the example in a real Node-RED with nothing else installed", async () => {
    const { job, segments } = resultOf(await runExample());
    assert.deepEqual([job.status, job.engine?.name], ["Completed", "graphcut"]);
    assert.ok(segments[0]!.polygons[0]!.vertices.length >= 20);
  });

  it("installs the model by its command", async () => {
    const command = join(userDir, "node_modules", ".bin", "segment-server");
    await run(command, ["install-sam", "--yes", "--data", join(userDir, "node-red-segment")], { cwd: home });
  });

  it("runs the example with the model", async () => {
    const { job, segments } = resultOf(await runExample());
    assert.equal(job.status, "Completed");
    assert.equal(job.engine?.name, "sam");
    assert.ok(segments[0]!.score > 0.9);
    assert.ok(segments[0]!.polygons[0]!.vertices.length >= 20);
  });

  /** Runs the installed example once, as it is, and gives what left it. */
  async function runExample(): Promise<Outcome> {
    const example = join(userDir, "node_modules/@visionjobs/node-red-segment/examples/Segment one image.json");
    const outcomes = join(mkdtempSync(join(home, "run-")), "outcome.json");
    const flow = writeOutcomesTo(outcomes, JSON.parse(readFileSync(example, "utf8")) as Flow);
    const signal = AbortSignal.timeout(3 * MINUTE);
    let nodeRed: RunningNodeRed | undefined;
    try {
      nodeRed = await startNodeRed(home, flow, signal);
      await nodeRed.inject(flow.find(({ type }) => type === "inject")!.id);
      return await Promise.race([readOutcome(outcomes, signal), nodeRed.crashed]);
    } finally {
      await nodeRed?.stop();
    }
  }
});

function npm(cwd: string, ...args: string[]): Promise<{ stdout: string }> {
  return run("npm", args, { cwd, maxBuffer: 64 * 1024 * 1024, shell: process.platform === "win32" });
}
