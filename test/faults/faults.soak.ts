/**
 * The fault matrix: messages pass through upload, start and wait in a real Node-RED. Their service resembles CDF and fails
 * in each way at each step. Each message must end exactly once, as the table in `expected.ts` says, within its time limit.
 */
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import helper from "node-red-node-test-helper";
import { RunningFlow } from "../nodes/flow";
import { scene } from "../nodes/scene";
import { ServerProcess, TOKEN } from "../server/support";
import { removeFolder } from "../../tools/remove-folder";
import { Cell, flowOf, tableOf } from "./cells";
import { ROWS, STEPS, type Step } from "./expected";

const DAY_MS = 24 * 3_600_000;
/** Time for a second message, which must not arrive. */
const SETTLE_MS = 3000;
/** Runs one step of each row instead of all, each step in turn. */
const IS_SHORT = process.env.SOAK === "short";
/** Cells that run at once. All at once would slow each other down. */
const PARALLEL = 60;
/** Each takes at least 32 MB of memory. */
const PARALLEL_OVERSIZED = 2;

describe("the fault matrix", function () {
  this.timeout(600_000);
  const cells = new Map<string, Cell>();
  let folder = "";
  let server: ServerProcess;
  let offsetMs = 0;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "segment-faults-"));
    server = await ServerProcess.start(["--engine", "graphcut", "--data", join(folder, "server")]);
    await createCells();
    const running = await load();
    await runAll(running, await scene());
    await sleep(SETTLE_MS);
    for (const cell of cells.values()) cell.count(running);
    await helper.unload();
  });

  after(async () => {
    console.log(`\n${tableOf([...cells.values()])}\n`);
    await Promise.all([...cells.values()].map((cell) => cell.close()));
    await server.end("SIGTERM");
    removeFolder(folder);
  });

  async function createCells(): Promise<void> {
    for (const [index, row] of ROWS.entries()) {
      for (const step of stepsOf(index)) {
        const jump = (): void => void (offsetMs += (row.clockDays ?? 0) * DAY_MS);
        const target = { url: server.url, token: TOKEN };
        // Halfway through the delay.
        const cell = await Cell.create(cells.size, row, step, target, () => setTimeout(jump, 500));
        cells.set(cell.name, cell);
      }
    }
  }

  async function load(): Promise<RunningFlow> {
    helper.init(require.resolve("node-red"));
    helper.settings({ userDir: folder, logging: { console: { level: "off", metrics: false, audit: false } } });
    const all = [...cells.values()];
    const credentials = Object.fromEntries(all.map((cell) => cell.credentials));
    return RunningFlow.load(flowOf(all), credentials);
  }

  async function runAll(running: RunningFlow, picture: Buffer): Promise<void> {
    const run = (cell: Cell): Promise<void> => cell.run(running, picture);
    const all = [...cells.values()].sort((a, b) => b.boundMs - a.boundMs); // the slowest first
    const isOversized = ({ row }: Cell): boolean => row.fault.fault === "oversized";
    const plain = all.filter((cell) => cell.row.clockDays === undefined);
    await Promise.all([
      inParallel(plain.filter(isOversized), PARALLEL_OVERSIZED, run),
      inParallel(plain.filter((cell) => !isOversized(cell)), PARALLEL, run), // prettier-ignore
    ]);
    for (const days of [1, -1]) {
      await withClock(() => Promise.all(all.filter(({ row }) => row.clockDays === days).map(run)));
    }
  }

  /** Makes the clock adjustable during some work. */
  async function withClock(work: () => Promise<unknown>): Promise<void> {
    const { now } = Date;
    Date.now = () => now() + offsetMs;
    try {
      await work();
    } finally {
      Date.now = now;
      offsetMs = 0;
    }
  }

  for (const [index, row] of ROWS.entries()) {
    describe(row.name, () => {
      for (const step of stepsOf(index)) {
        it(`${step}: ${row.expected[step]}`, () => {
          const cell = cells.get(`${step}: ${row.name}`);
          assert.ok(cell);
          const { seen, counts, boundMs, finishedExpected } = cell;
          assert.equal(seen.outcome, cell.expected, seen.text);
          assert.equal(counts.ends, 1, "the message must leave exactly once");
          assert.equal(counts.finished, finishedExpected, "each node must end it by done() or done(err), never both");
          assert.ok(seen.ms < boundMs, `took ${Math.round(seen.ms)} ms`);
        });
      }
    });
  }
});

/** The steps at which the fault of a row is tested. */
function stepsOf(index: number): readonly Step[] {
  return IS_SHORT ? STEPS.filter((_step, position) => position === index % STEPS.length) : STEPS;
}

async function inParallel<T>(items: T[], size: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: size }, worker));
}
