// The package as users get it: packed, installed in each way that users' machines require, and run in a real Node-RED.
// It takes minutes and needs the registry: `npm run test:packed` runs it, `npm test` does not.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { startNodeRed, type Flow, type RunningNodeRed } from "../../tools/node-red";
import { readOutcome, resultOf, writeOutcomesTo, type Outcome } from "../../tools/outcome";
import { startSegmentServer } from "../nodes/segment-server";
import { installed, NODE_PACKAGE, nodeIn } from "../../tools/hosts";
import { npm } from "../../tools/npm";
import { removeFolder } from "../../tools/remove-folder";

const ROOT = join(__dirname, "..", "..");
const MINUTE = 60_000;
const run = promisify(execFile);

const packedSchema = z.tuple([
  z.object({
    filename: z.string(),
    unpackedSize: z.number(),
    files: z.array(z.object({ path: z.string() })),
  }),
]);

/** What may be in the package. Everything else, as sources, tests and weights, may not. */
const CONTENTS = [
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|NOTICE)$/,
  /^dist\/(nodes|src)\/.+\.(js|html|json|svg)$/,
  /^dist\/vendor\/(fastify\.js|zod\.js|LICENSES\.txt)$/,
  /^docs\/[^/]+\.md$/,
  /^docs\/container\/Containerfile$/,
  /^examples\/([^/]+\/)?[^/]+\.json$/,
  /^pictures\/[a-z]+\.jpg$/,
];
const MAX_PACKED_BYTES = 8_000_000;
/** Limits of what the package and its dependencies take on disk on Linux x64. */
const MAX_INSTALLED = { megabytes: 45, files: 1600 };

/** The oldest Node of `engines`, and the npm that came with it. */
const OLDEST = { [NODE_PACKAGE]: "20.9.0", npm: "10.1.0" };

/** Options of npm that the palette manager uses. */
const PALETTE = ["--save", "--save-prefix=~", "--omit=dev", "--engine-strict"];

/** How the example is run: its config node with its credentials, and the Node under Node-RED. */
interface Run {
  config?: object;
  credentials?: object;
  node?: string;
}

describe("the packed package", function () {
  this.timeout(10 * MINUTE);
  let scratch: string;
  let packed: z.infer<typeof packedSchema>[0];
  let tarball: string;

  before(async () => {
    scratch = mkdtempSync(join(tmpdir(), "segment-packed-"));
    const { stdout } = await npm(ROOT, "pack", "--silent", "--json", "--pack-destination", scratch);
    [packed] = packedSchema.parse(JSON.parse(stdout));
    tarball = join(scratch, packed.filename);
  });
  after(() => removeFolder(scratch));

  it("holds what users need and nothing else", () => {
    const strangers = packed.files.map(({ path }) => path).filter((path) => !CONTENTS.some((form) => form.test(path)));
    assert.deepEqual(strangers, []);
    assert.ok(packed.unpackedSize < MAX_PACKED_BYTES, `${packed.unpackedSize} bytes`);
  });

  describe("installed as the palette manager installs it", () => {
    let home: string;
    before(async () => {
      home = makeHome();
      await npm(userDirOf(home), "install", ...PALETTE, tarball);
    });

    it("takes few files and little space", function () {
      if (process.platform !== "linux" || process.arch !== "x64") this.skip(); // sharp's size differs
      const { files, megabytes } = sizeOf(join(userDirOf(home), "node_modules"));
      assert.ok(files <= MAX_INSTALLED.files, `${files} files`);
      assert.ok(megabytes <= MAX_INSTALLED.megabytes, `${megabytes} MB`);
    });

    it("runs the example with nothing else installed", async () => {
      assertCup(await runExample(home), "graphcut");
    });

    it("installs the model by its command, and runs the example with it", async () => {
      const userDir = userDirOf(home);
      const command = join(userDir, "node_modules", ".bin", "segment-server");
      await run(command, ["install-sam", "--yes", "--data", join(userDir, "node-red-segment")], { cwd: home });
      const outcome = await runExample(home);
      assertCup(outcome, "sam");
      assert.ok(resultOf(outcome).segments[0]!.score > 0.9);
    });
  });

  it("runs the example when it was installed without scripts", async () => {
    const home = makeHome();
    await npm(userDirOf(home), "install", ...PALETTE, "--ignore-scripts", tarball);
    assertCup(await runExample(home), "graphcut");
  });

  it("is installed and run by the oldest Node that it supports, with the npm of that time", async () => {
    const old = await installed(OLDEST);
    const node = nodeIn(old);
    const home = makeHome();
    const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}` };
    const cli = join(old, "node_modules", "npm", "bin", "npm-cli.js");
    await run(node, [cli, "install", ...PALETTE, tarball], { cwd: userDirOf(home), env });
    assertCup(await runExample(home, { node }), "graphcut");
  });

  describe("installed without its optional part, sharp", () => {
    let home: string;
    before(async () => {
      home = makeHome();
      await npm(userDirOf(home), "install", ...PALETTE, "--omit=optional", tarball);
      assert.ok(!existsSync(join(userDirOf(home), "node_modules", "sharp")));
    });

    it("says what is missing, and what to do, when the embedded server must segment", async () => {
      const { error } = await runExample(home);
      assert.equal(error?.code, "job-failed");
      assert.match(error.message, /sharp is missing.*npm install sharp/);
    });

    it("works with a server elsewhere that has it", async () => {
      const server = await startSegmentServer(home);
      try {
        const config = { service: "server", baseUrl: server.url, auth: "token" };
        assertCup(await runExample(home, { config, credentials: { token: server.token } }));
      } finally {
        await server.stop();
      }
    });
  });

  /** A home directory of its own, with an empty user directory. */
  function makeHome(): string {
    const home = mkdtempSync(join(scratch, "home-"));
    mkdirSync(userDirOf(home));
    return home;
  }

  /** Runs the installed example once, with no other changes than the given ones, and returns its outcome. */
  async function runExample(home: string, { config = {}, credentials = {}, node }: Run = {}): Promise<Outcome> {
    const userDir = userDirOf(home);
    const example = join(userDir, "node_modules/@visionjobs/node-red-segment/examples/Segment one image.json");
    const outcomes = join(mkdtempSync(join(home, "run-")), "outcome.json");
    const flow = writeOutcomesTo(outcomes, JSON.parse(readFileSync(example, "utf8")) as Flow);
    const configNode = flow.find(({ type }) => type === "segment-config")!;
    Object.assign(configNode, config);
    writeFileSync(join(userDir, "flows_cred.json"), JSON.stringify({ [configNode.id]: credentials }));
    const signal = AbortSignal.timeout(3 * MINUTE);
    let nodeRed: RunningNodeRed | undefined;
    try {
      nodeRed = await startNodeRed(home, flow, signal, { credentialSecret: false }, node);
      await nodeRed.inject(flow.find(({ type }) => type === "inject")!.id);
      return await Promise.race([readOutcome(outcomes, signal), nodeRed.crashed]);
    } finally {
      await nodeRed?.stop();
    }
  }
});

function userDirOf(home: string): string {
  return join(home, ".node-red");
}

/** What a folder takes on disk, in blocks of 4 kB as usual file systems keep it. */
function sizeOf(folder: string): { files: number; megabytes: number } {
  const sizes = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => Math.ceil(statSync(join(entry.parentPath, entry.name)).size / 4096) * 4096);
  return { files: sizes.length, megabytes: sizes.reduce((sum, size) => sum + size, 0) / 1024 ** 2 };
}

/** Checks that the cup of the example was cut out, by the given engine if there is one. */
function assertCup(outcome: Outcome, engine?: string): void {
  const { job, segments } = resultOf(outcome);
  assert.equal(job.status, "Completed");
  if (engine !== undefined) assert.equal(job.engine?.name, engine);
  assert.ok(segments[0]!.score > 0.5, `score ${segments[0]!.score}`);
  assert.ok(segments[0]!.polygons[0]!.vertices.length >= 20);
}
