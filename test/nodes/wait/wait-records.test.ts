import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WaitRecord } from "../../../nodes/wait/wait-record.lazy";
import type * as Module from "../../../nodes/wait/wait-records";

// As built: the modules that it loads lazily have the names that they have there.
const built = createRequire(__filename)("../../../dist/nodes/wait/wait-records.js") as typeof Module;

const COUNT = 500;

describe("records of waits", () => {
  let dir: string;
  let logged: string[];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "wait-records-"));
    logged = [];
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  /** The records as a new run of Node-RED opens them. */
  function open(): Module.WaitRecords {
    return new built.WaitRecords(join(dir, "waits"), {
      setAside: (count) => logged.push(`set aside ${count}`),
      pruned: (count) => logged.push(`pruned ${count}`),
      failed: () => logged.push("failed"),
    });
  }

  function record(sequence: number): WaitRecord {
    const msg = { _msgid: String(sequence), filler: "x".repeat(1000) };
    return { nodeId: "node", jobId: sequence + 1, service: "s", timeoutMs: 1000, sequence, recordedAt: 1, msg };
  }

  it("are written in the order of the calls, a few in each turn of the event loop", async () => {
    const records = open();
    const numbers = Array.from({ length: COUNT }, (_, number) => number);
    let inThisTurn = 0;
    let most = 0;
    let isOver = false;
    const nextTurn = (): void => {
      inThisTurn = 0;
      if (!isOver) setImmediate(nextTurn);
    };
    nextTurn();
    const puts = numbers.map((number) => {
      const { msg, ...rest } = record(number);
      const read = (): string => {
        most = Math.max(most, ++inThisTurn);
        return "read when it is written";
      };
      const put = records.put(String(number), { ...rest, msg: Object.defineProperty(msg, "read", { get: read, enumerable: true }) }); // prettier-ignore
      if (number % 2 === 1) records.remove(String(number));
      return put;
    });
    const done = await Promise.all(puts);
    await records.idle();
    isOver = true;
    assert.ok(done.every(Boolean));
    assert.ok(most > 0 && most <= 40, `${most} in one turn of the event loop`);

    const next = open();
    await next.load();
    const even = numbers.filter((number) => number % 2 === 0);
    assert.deepEqual(next.waitingFor("node").map(([key]) => Number(key)), even); // prettier-ignore
    assert.deepEqual(logged, []);
  });

  it("are written once the folder can be made; the failure before is reported once", async () => {
    await writeFile(join(dir, "waits"), "a file where the folder should be");
    const records = open();
    await records.load();
    assert.deepEqual(await Promise.all([1, 2, 3].map((n) => records.put(String(n), record(n)))), [false, false, false]);
    assert.deepEqual(logged, ["failed"]);
    await rm(join(dir, "waits"));
    assert.equal(await records.put("4", record(4)), true);
    const next = open();
    await next.load();
    assert.deepEqual(next.waitingFor("node").map(([key]) => key), ["4"]); // prettier-ignore
  });
});
