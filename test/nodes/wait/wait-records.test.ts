import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WaitRecord } from "../../../nodes/wait/wait-record.lazy";
import type * as Module from "../../../nodes/wait/wait-records";

// As built: what it loads only when it is needed has the name that it has there.
const built = createRequire(__filename)("../../dist/nodes/wait/wait-records.js") as typeof Module;

const COUNT = 500;

describe("records of waits", () => {
  let dir: string;
  let told: string[];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "wait-records-"));
    told = [];
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  /** Those of a new life of Node-RED. */
  function open(): Module.WaitRecords {
    return new built.WaitRecords(join(dir, "waits"), {
      setAside: (count) => told.push(`set aside ${count}`),
      pruned: (count) => told.push(`pruned ${count}`),
      failed: () => told.push("failed"),
    });
  }

  function record(sequence: number): WaitRecord {
    const msg = { _msgid: String(sequence), filler: "x".repeat(1000) };
    return { nodeId: "node", jobId: sequence + 1, service: "s", timeoutMs: 1000, sequence, recordedAt: 1, msg };
  }

  it("of a crowd are written in the order of the calls, and leave the event loop its turns", async () => {
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
    assert.deepEqual(next.leftBy("node").map(([key]) => Number(key)), even); // prettier-ignore
    assert.deepEqual(told, []);
  });

  it("are tried again after the folder could not be made, and told of once", async () => {
    await writeFile(join(dir, "waits"), "a file where the folder should be");
    const records = open();
    await records.load();
    assert.deepEqual(await Promise.all([1, 2, 3].map((n) => records.put(String(n), record(n)))), [false, false, false]);
    assert.deepEqual(told, ["failed"]);
    await rm(join(dir, "waits"));
    assert.equal(await records.put("4", record(4)), true);
    const next = open();
    await next.load();
    assert.deepEqual(next.leftBy("node").map(([key]) => key), ["4"]); // prettier-ignore
  });
});
