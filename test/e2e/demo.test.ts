import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { resultOf, type Outcome } from "../../tools/outcome";

const RUN = join(__dirname, "..", "..", "examples", "demo", "run.ts");

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the demo in a folder, with the folder's `tmp` for temporary files. */
function runDemo(folder: string): Promise<Ended> {
  const child = spawn(process.execPath, ["--require", require.resolve("tsx/cjs"), RUN, "--once"], {
    cwd: folder,
    env: { ...process.env, TMPDIR: join(folder, "tmp"), TEMP: join(folder, "tmp") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (ended.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (ended.stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...ended }));
  });
}

describe("npm run demo -- --once", function () {
  this.timeout(180_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "segment-demo-test-"));
    mkdirSync(join(folder, "tmp"));
  });
  afterEach(() => {
    const left = readdirSync(join(folder, "tmp")).filter((name) => name.startsWith("node-red-segment"));
    rmSync(folder, { recursive: true, force: true });
    assert.deepEqual(left, [], "the scratch directory was left behind");
  });

  it("cuts the cup out in a real Node-RED and draws it", async () => {
    const { code, stdout, stderr } = await runDemo(folder);
    assert.equal(code, 0, stderr);
    const lines = Object.fromEntries(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.split(/ {2,}/)) as [string, string][],
    );
    assert.match(lines.Job ?? "", /^[1-9]\d*$/);
    assert.equal(lines.Status, "Completed");
    assert.ok(Number(lines.Score) > 0.9, stdout);
    assert.ok(Number(lines.Vertices) >= 20, stdout);
    assert.match(lines.Time ?? "", /^\d+ ms$/);
    const overlay = await sharp(lines.Overlay).metadata();
    assert.deepEqual([overlay.format, overlay.width, overlay.height], ["png", 600, 400]);
  });

  it("ends with another code and the reason when it fails", async () => {
    writeFileSync(join(folder, "demo-output"), "a file where the folder should be");
    const { code, stderr } = await runDemo(folder);
    assert.equal(code, 1);
    assert.match(stderr, /^The demo failed\. EEXIST.*demo-output/);
  });
});

describe("the demo's result", () => {
  const segment = { prompt: { points: [{ x: 0.5, y: 0.5 }] }, timings: { totalMs: 900 } };
  const polygons = [
    {
      vertices: [
        { x: 0, y: 0 },
        { x: 1, y: 0 },
        { x: 1, y: 1 },
      ],
    },
  ];
  const job = { jobId: 7, status: "Completed", items: [{ fileId: 1, segments: [{ score: 0.9, polygons }] }] };

  it("is read from the messages that left the flow", () => {
    const result = resultOf({ payload: job, segment });
    assert.deepEqual(result, { job, segments: job.items[0]?.segments, prompt: segment.prompt, totalMs: 900 });
  });

  const FAILURES: { what: string; outcome: Outcome; reason: RegExp }[] = [
    {
      what: "an error of a node",
      outcome: { payload: {}, error: { code: "unreachable", message: "no answer" } },
      reason: /^unreachable: no answer$/,
    },
    { what: "nothing found", outcome: { payload: { ...job, items: [] }, segment }, reason: /found nothing/ },
    { what: "a payload that is no job", outcome: { payload: "hello", segment }, reason: /expected object/ },
  ];
  for (const { what, outcome, reason } of FAILURES) {
    it(`is refused: ${what}`, () => {
      assert.throws(
        () => resultOf(outcome),
        (error: Error) => reason.test(error.message),
      );
    });
  }
});
