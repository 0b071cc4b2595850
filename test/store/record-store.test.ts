import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { z } from "zod";
import { RecordStore } from "../../src/store";

const valueSchema = z.object({ n: z.number(), text: z.string().optional() });
type Value = z.infer<typeof valueSchema>;

/** The records that a store reports when it is opened, each once. */
async function content<T>(dir: string, schema: z.ZodType<T>): Promise<Map<string, T>> {
  const all = new Map<string, T>();
  await RecordStore.open(dir, schema, (value, key) => {
    assert.ok(!all.has(key), key);
    all.set(key, value);
  });
  return all;
}

async function filesIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe("RecordStore", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "record-store-"));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it("behaves as a Map, also after it was opened again", async () => {
    const key = fc.constantFrom("a", "A", "b/../c", "con", "ключ", " ", "x".repeat(1000));
    const step = fc.oneof(
      fc.record({
        type: fc.constant("put" as const),
        key,
        value: fc.record({ n: fc.double(), text: fc.string() }, { noNullPrototype: true }),
      }),
      fc.record({ type: fc.constant("remove" as const), key }),
      fc.record({ type: fc.constant("get" as const), key }),
      fc.record({ type: fc.constant("reopen" as const) }),
    );
    const loose = z.object({ n: z.unknown(), text: z.string() }); // zod's number refuses NaN and Infinity
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const run = await mkdtemp(join(dir, "run-"));
        let store = await RecordStore.open(run, loose);
        const model = new Map<string, z.infer<typeof loose>>();
        for (const at of steps) {
          if (at.type === "put") {
            await store.put(at.key, at.value);
            model.set(at.key, at.value);
          } else if (at.type === "remove") {
            assert.equal(await store.remove(at.key), model.delete(at.key));
          } else if (at.type === "get") {
            assert.deepEqual(await store.get(at.key), model.get(at.key));
          } else {
            store = await RecordStore.open(run, loose);
          }
        }
        assert.deepEqual(await content(run, loose), model);
        assert.equal(store.setAside, 0);
      }),
      { numRuns: 40 },
    );
  });

  it("performs concurrent puts and removes of one key in the order of the calls", async () => {
    const store = await RecordStore.open<Value>(dir, valueSchema);
    const done = [];
    for (let n = 0; n < 20; n += 1) done.push(store.put("key", { n }));
    done.push(store.get("key").then((value) => assert.deepEqual(value, { n: 19 })));
    done.push(store.remove("key").then((found) => assert.equal(found, true)));
    done.push(store.put("key", { n: 99 }));
    await Promise.all(done);
    assert.deepEqual(await store.get("key"), { n: 99 });
  });

  it("stores a value as it was when put was called", async () => {
    const store = await RecordStore.open<Value>(dir, valueSchema);
    const value = { n: 1 };
    const put = store.put("key", value);
    value.n = 2;
    await put;
    assert.deepEqual(await store.get("key"), { n: 1 });
  });

  it("refuses an empty and an overlong key", async () => {
    const store = await RecordStore.open<Value>(dir, valueSchema);
    assert.throws(() => store.put("", { n: 1 }), RangeError);
    assert.throws(() => store.put("x".repeat(1001), { n: 1 }), RangeError);
  });

  const damages: Record<string, (bytes: Buffer) => Buffer> = {
    "cut short": (bytes) => bytes.subarray(0, bytes.length - 3),
    "with one flipped bit": (bytes) => {
      bytes[bytes.length - 1]! ^= 1;
      return bytes;
    },
    "of another version": (bytes) => {
      bytes[5]! += 1;
      return bytes;
    },
    "without bytes": () => Buffer.alloc(0),
    "full of zeros": (bytes) => bytes.fill(0),
  };
  for (const [name, damage] of Object.entries(damages)) {
    it(`sets aside a record ${name}, keeps the others and counts it`, async () => {
      const first = await RecordStore.open<Value>(dir, valueSchema);
      await first.put("broken", { n: 1 });
      const [path] = await filesIn(dir);
      await first.put("whole", { n: 2 });
      await writeFile(path!, damage(await readFile(path!)));

      const store = await RecordStore.open<Value>(dir, valueSchema);
      assert.equal(store.setAside, 1);
      assert.deepEqual(await content(dir, valueSchema), new Map([["whole", { n: 2 }]]));
      assert.equal((await readdir(join(dir, "damaged"))).length, 1);
      await store.put("broken", { n: 3 });
      assert.deepEqual(await store.get("broken"), { n: 3 });
      assert.equal((await RecordStore.open<Value>(dir, valueSchema)).setAside, 0, "counted once only");
    });
  }

  it("sets aside a record that the schema refuses or that has the file name of another key", async () => {
    const numbers = await RecordStore.open(dir, z.number());
    await numbers.put("text", 1);
    const [path] = await filesIn(dir);
    await numbers.put("number", 2);
    const other = (await filesIn(dir)).find((file) => file !== path);
    await writeFile(path!, await readFile(other!));
    const store = await RecordStore.open(dir, z.number());
    assert.equal(store.setAside, 1);
    assert.equal((await RecordStore.open(dir, z.string())).setAside, 1);
  });

  it("reports hundreds of records, and sets aside all damaged and temporary ones", async () => {
    const first = await RecordStore.open<Value>(dir, valueSchema);
    const keys = Array.from({ length: 300 }, (_, n) => String(n));
    await Promise.all(keys.map((key) => first.put(key, { n: Number(key) })));
    const damaged = (await filesIn(dir)).slice(0, 100);
    for (const path of damaged) {
      await writeFile(path, "damaged");
      await writeFile(`${path}.1234.tmp`, "half");
    }
    let handedOut = 0;
    const store = await RecordStore.open<Value>(dir, valueSchema, ({ n }, key) => {
      assert.equal(key, String(n));
      handedOut += 1;
    });
    assert.equal(handedOut, 200);
    assert.equal(store.setAside, 200);
    assert.equal((await readdir(join(dir, "damaged"))).length, 200);
  });

  it("sets aside an unreadable file, and keeps the others", async () => {
    const first = await RecordStore.open<Value>(dir, valueSchema);
    await first.put("broken", { n: 1 });
    const [path] = await filesIn(dir);
    await first.put("whole", { n: 2 });
    await rm(path!);
    await mkdir(path!); // reading it fails as with a bad sector, for root too
    const store = await RecordStore.open<Value>(dir, valueSchema);
    assert.equal(store.setAside, 1);
    assert.deepEqual(await store.get("whole"), { n: 2 });
    await store.put("broken", { n: 3 });
    assert.deepEqual(
      await content(dir, valueSchema),
      new Map([
        ["whole", { n: 2 }],
        ["broken", { n: 3 }],
      ]),
    );
  });

  it("sets temporary files aside", async () => {
    const first = await RecordStore.open<Value>(dir, valueSchema);
    await first.put("key", { n: 1 });
    const [path] = await filesIn(dir);
    await writeFile(`${path!}.1234.tmp`, "half a rec");
    const store = await RecordStore.open<Value>(dir, valueSchema);
    assert.equal(store.setAside, 1);
    assert.deepEqual(await store.get("key"), { n: 1 });
  });

  it("holds the last acknowledged record or a newer one after kill -9 of the writer", async function () {
    this.timeout(60_000);
    for (let round = 0; round < 4; round += 1) {
      const child = spawn(process.execPath, ["--require", "tsx/cjs", join(__dirname, "writer.ts"), dir], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let acknowledged = 0;
      let seen = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged = Number(line);
        seen += 1;
        if (seen === 10 + round) child.kill("SIGKILL");
      }
      if (child.signalCode === null && child.exitCode === null) await once(child, "exit");
      const store = await RecordStore.open(dir, z.object({ n: z.number(), filler: z.string() }));
      const record = await store.get("the one");
      assert.ok(record !== undefined && acknowledged > 0, "the record is there");
      assert.ok(record.n >= acknowledged, `${record.n} is not older than ${acknowledged}`);
      assert.equal(record.filler, String(record.n % 10).repeat(200_000));
    }
  });
});
