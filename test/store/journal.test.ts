import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { z } from "zod";
import { Journal } from "../../src/store";
import { encodeEntry, readEntries } from "../../src/store/journal-entry";

const valueSchema = z.object({ n: z.number(), text: z.string().optional() });
type Value = z.infer<typeof valueSchema>;

/** Schema of the records that `journal-writer.ts` puts. */
const fillerSchema = z.object({ n: z.number(), filler: z.string() });
const SOFT_LIMIT = ["--fsize", "--raw", "--noheadings", "--output", "SOFT"];
const MEGABYTE = 2 ** 20;

describe("Journal", () => {
  let dir: string;
  let path: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "journal-"));
    path = join(dir, "records", "journal");
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  /** Opens the journal again; checks that it reports every record once. */
  async function reopened<T>(schema: z.ZodType<T>, at = path) {
    const records = new Map<string, T>();
    const journal = await Journal.open(at, schema, (value, key) => {
      assert.ok(!records.has(key), key);
      records.set(key, value);
    });
    return { journal, records, setAside: journal.setAside };
  }

  async function content(): Promise<Map<string, Value>> {
    return (await reopened(valueSchema)).records;
  }

  /** A process that puts records of 50 kB, three at once, and removes most of them. */
  function startWriter(errors: "ignore" | "inherit") {
    return spawn(process.execPath, ["--require", "tsx/cjs", join(__dirname, "journal-writer.ts"), path], {
      stdio: ["ignore", "pipe", errors],
    });
  }

  /** Limits the size of all files of this process during the action, as a full disk would. */
  async function withFilesOfAtMost<R>(bytes: number, action: () => Promise<R>): Promise<R> {
    const limit = (size: number | string): void =>
      void execFileSync("prlimit", ["--pid", String(process.pid), `--fsize=${size}:`]);
    const [before = ""] =
      /\S+/.exec(String(execFileSync("prlimit", ["--pid", String(process.pid), ...SOFT_LIMIT]))) ?? [];
    limit(bytes);
    try {
      return await action();
    } finally {
      limit(before);
    }
  }

  /** Writes entries to the disk as they are. */
  async function write(...entries: Buffer[]): Promise<void> {
    await mkdir(join(dir, "records"), { recursive: true });
    await writeFile(path, Buffer.concat(entries));
  }

  it("behaves as a Map, also after it was opened again", async () => {
    const key = fc.constantFrom("a", "A", "b/../c", "ключ", "", "x".repeat(1000));
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ type: fc.constant("put" as const), key, text: fc.string() }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant("remove" as const), key }) },
      fc.record({ type: fc.constant("settle" as const) }),
      fc.record({ type: fc.constant("reopen" as const) }),
    );
    const schema = z.object({ text: z.string() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 16 }), async (steps) => {
        const at = join(await mkdtemp(join(dir, "run-")), "journal");
        let { journal } = await reopened(schema, at);
        const model = new Map<string, { text: string }>();
        let writes: Promise<void>[] = [];
        for (const now of steps) {
          if (now.type === "put") {
            writes.push(journal.put(now.key, { text: now.text }));
            model.set(now.key, { text: now.text });
          } else if (now.type === "remove") {
            writes.push(journal.remove(now.key));
            model.delete(now.key);
          } else {
            await Promise.all(writes);
            writes = [];
            if (now.type === "reopen") ({ journal } = await reopened(schema, at));
          }
        }
        await Promise.all(writes);
        const { records, setAside } = await reopened(schema, at);
        assert.deepEqual(records, model);
        assert.equal(setAside, 0);
        if (model.size === 0 && writes.length > 0) assert.equal((await stat(at).catch(() => ({ size: 0 }))).size, 0);
      }),
      { numRuns: 60 },
    );
  });

  it("stores a value as it was when put was called, and refuses at once one that can't be stored", async () => {
    const journal = await Journal.open(path, z.object({ n: z.unknown() }));
    const value = { n: 1 };
    const put = journal.put("key", value);
    value.n = 2;
    assert.throws(() => journal.put("other", { n: () => 0 }), /could not be cloned/);
    await put;
    assert.deepEqual(await content(), new Map([["key", { n: 1 }]]));
  });

  it("is an empty file when no record is left, whatever was written together", async () => {
    const journal = await Journal.open<Value>(path, valueSchema);
    for (let round = 0; round < 3; round += 1) {
      const keys = Array.from({ length: 100 }, (_, n) => String(n));
      const puts = keys.map((key) => journal.put(key, { n: 1 }));
      if (round > 0) await Promise.all(puts);
      await Promise.all(keys.map((key) => journal.remove(key)));
      assert.equal((await stat(path).catch(() => ({ size: 0 }))).size, 0);
    }
    await journal.put("last", { n: 2 });
    assert.deepEqual(await content(), new Map([["last", { n: 2 }]]));
  });

  it("stays small while one record outlives many others", async () => {
    const journal = await Journal.open<Value>(path, valueSchema);
    const text = "x".repeat(50_000);
    await journal.put("old", { n: 0, text });
    let largest = 0;
    for (let n = 1; n <= 200; n += 1) {
      await journal.put(`young ${n}`, { n, text });
      await journal.remove(`young ${n}`);
      largest = Math.max(largest, (await stat(path)).size);
    }
    assert.ok(largest < 1.2 * MEGABYTE, `${largest} bytes`);
    await journal.put("new", { n: 201 });
    const expected = new Map<string, Value>([
      ["old", { n: 0, text }],
      ["new", { n: 201 }],
    ]);
    assert.deepEqual(await content(), expected);
    assert.deepEqual(await readdir(join(dir, "records")), ["journal"]);
  });

  const damages: Record<string, (entry: Buffer) => Buffer> = {
    "cut short": (entry) => entry.subarray(0, entry.length - 3),
    "with one flipped bit": (entry) => {
      entry[entry.length - 1]! ^= 1;
      return entry;
    },
    "with a wrong length": (entry) => {
      entry.writeUInt32BE(entry.readUInt32BE() + 1);
      return entry;
    },
    "of another version": (entry) => {
      entry[9]! += 1;
      return entry;
    },
    "full of zeros": (entry) => entry.fill(0),
    "of another form": () => encodeEntry("broken", { n: "one" }),
    "whose key is not a text": () => encodeEntry(5 as unknown as string, { n: 1 }),
  };
  for (const [name, damage] of Object.entries(damages)) {
    for (const place of ["first", "last"]) {
      it(`keeps the others beside a ${place} record ${name}, and counts it once`, async () => {
        const broken = damage(encodeEntry("broken", { n: 1 }));
        const whole = [encodeEntry("whole", { n: 2 }), encodeEntry("too", { n: 3 })];
        await write(...(place === "first" ? [broken, ...whole] : [...whole, broken]));
        const old = await readFile(path);

        const { journal, records, setAside } = await reopened(valueSchema);
        const kept = new Map([["whole", { n: 2 }], ["too", { n: 3 }]]); // prettier-ignore
        assert.deepEqual([records, setAside], [kept, 1]);
        assert.deepEqual(await readFile(join(dir, "records", "damaged", "journal")), old);
        await journal.put("broken", { n: 4 });
        await journal.remove("whole");
        const again = await reopened(valueSchema);
        assert.deepEqual(again.records, new Map([["too", { n: 3 }], ["broken", { n: 4 }]])); // prettier-ignore
        assert.equal(again.setAside, 0, "counted once only");
      });
    }
  }

  it("finds all entries that a damage has not touched, and invents none", async () => {
    const written = fc.record({ key: fc.string(), text: fc.string({ maxLength: 300 }) });
    const hit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), byte: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(written, { minLength: 1, maxLength: 8 }), fc.array(hit), async (entries, hits) => {
        const parts = entries.map(({ key, text }) => encodeEntry(key, { n: 1, text }));
        const bytes = Buffer.concat(parts);
        for (const { at, byte } of hits) bytes[Math.floor(at * (bytes.length - 1))]! ^= byte;
        let start = 0;
        const expected = new Map<string, Value>();
        for (const [index, { key, text }] of entries.entries()) {
          const part = parts[index]!;
          if (bytes.subarray(start, start + part.length).equals(part)) expected.set(key, { n: 1, text });
          start += part.length;
        }
        await write(bytes);
        assert.deepEqual(await content(), expected);
      }),
      { numRuns: 100 },
    );
  });

  it("finds an entry behind a long stretch of damage, wherever it begins", async () => {
    for (const length of [65_525, 65_530, 65_536, 65_540, 200_000]) {
      await write(encodeEntry("a", { n: 1 }), Buffer.alloc(length, 7), encodeEntry("b", { n: 2 }));
      const { records, setAside } = await reopened(valueSchema);
      assert.deepEqual([[...records.keys()], setAside], [["a", "b"], 1], String(length));
    }
  });

  it("finds all entries that a bad sector has not touched, and counts it once", async () => {
    const bad = { start: 3 * 4096, end: 4 * 4096 };
    const read = (position: number, length: number): Promise<Buffer> => {
      const touchesBad = position < bad.end && position + length > bad.start;
      if (touchesBad) return Promise.reject(Object.assign(new Error("i/o error"), { code: "EIO" }));
      return Promise.resolve(bytes.subarray(position, position + length));
    };
    let bytes = Buffer.alloc(0);
    const first = encodeEntry("a", { n: 1, text: "x".repeat(9000) });
    const last = encodeEntry("c", { n: 3 });
    for (let behind = 0; behind < 1100; behind += 7) {
      const hit = Buffer.alloc(bad.end + behind - first.length, 7);
      bytes = Buffer.concat([first, hit, last]);
      const found = [];
      for await (const entry of readEntries(read, bytes.length)) found.push(entry === "damaged" ? entry : entry.key);
      assert.deepEqual(found, ["a", "damaged", "c"], `${behind} bytes behind it`);
    }
    const broken = readEntries(() => Promise.reject(new Error("too many open files")), bytes.length);
    await assert.rejects(broken.next(), /too many open files/);
  });

  it("keeps only the newest damaged file, and no temporary one", async () => {
    for (const n of [1, 2]) {
      await write(encodeEntry("whole", { n }), Buffer.from("half a record"));
      await writeFile(`${path}.tmp`, "of a crash");
      assert.deepEqual((await reopened(valueSchema)).records, new Map([["whole", { n }]]));
    }
    assert.deepEqual((await readdir(join(dir, "records"), { recursive: true })).sort(), [
      "damaged",
      join("damaged", "journal"),
      "journal",
    ]);
  });

  it("reports what it can on a full disk, and counts the damage again when it is opened again", async function () {
    if (process.platform !== "linux") this.skip(); // without prlimit
    const bytes = [encodeEntry("whole", { n: 1 }), Buffer.from("half a record")];
    await write(...bytes);
    const { records, setAside } = await withFilesOfAtMost(20, () => reopened(valueSchema));
    assert.deepEqual([records, setAside], [new Map([["whole", { n: 1 }]]), 1]);
    assert.deepEqual(await readFile(path), Buffer.concat(bytes));
    const { journal, ...again } = await reopened(valueSchema);
    assert.deepEqual(again, { records, setAside });
    await journal.remove("whole");
    assert.deepEqual(await readFile(path), Buffer.alloc(0));
  });

  it("rejects what can't be written, and works once the disk does", async () => {
    const folder = join(dir, "records");
    const journal = await Journal.open<Value>(path, valueSchema);
    await writeFile(folder, "a file where the folder should be");
    const refused = [journal.put("a", { n: 1 }), journal.put("b", { n: 2 }), journal.remove("a")];
    for (const result of await Promise.allSettled(refused)) assert.equal(result.status, "rejected");
    await rm(folder);
    await journal.put("c", { n: 3 });
    assert.deepEqual(await content(), new Map([["c", { n: 3 }]]));
  });

  it("keeps what was acknowledged when a file can't grow, and nothing that was refused", async function () {
    if (process.platform !== "linux") this.skip(); // without prlimit
    this.timeout(20_000);
    const child = startWriter("ignore");
    execFileSync("prlimit", ["--pid", String(child.pid), "--fsize=420000"]);
    const acknowledged: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      const [what, key] = line.split(" ");
      if (what === "put") acknowledged.push(key!);
    }
    const { journal, records, setAside } = await reopened(fillerSchema);
    assert.deepEqual([...records.keys()], acknowledged);
    assert.equal(acknowledged.length, 6, "the third batch of three was cut");
    assert.equal(setAside, 0);
    await journal.put("further", { n: 1, filler: "" });
    assert.equal((await reopened(fillerSchema)).records.size, 7);
  });

  it("later removes what it could not remove on a full disk", async function () {
    if (process.platform !== "linux") this.skip(); // without prlimit
    const journal = await Journal.open<Value>(path, valueSchema);
    await Promise.all(["a", "b", "c"].map((key) => journal.put(key, { n: 1 })));
    await withFilesOfAtMost((await stat(path)).size, async () => {
      await assert.rejects(journal.remove("a"), { code: "EFBIG" });
      await assert.rejects(Promise.all([journal.remove("b"), journal.put("d", { n: 1 })]), { code: "EFBIG" });
    });
    await journal.put("b", { n: 2 });
    const expected = new Map([["c", { n: 1 }], ["b", { n: 2 }]]); // prettier-ignore
    assert.deepEqual(await content(), expected);
  });

  it("holds all acknowledged records after kill -9 of the writer, and none that was removed", async function () {
    this.timeout(60_000);
    for (let round = 0; round < 4; round += 1) {
      const child = startWriter("inherit");
      const kept = new Set<string>();
      const begun = new Set<string>();
      let puts = 0;
      let seen = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        const [what, key] = line.split(" ") as ["putting" | "put" | "removing" | "removed", string];
        if (what === "putting") begun.add(key);
        if (what === "put") {
          kept.add(key);
          puts += 1;
        }
        if (what === "removing") kept.delete(key);
        if (what === "removed") begun.delete(key);
        seen += 1;
        if (seen === 400 + 37 * round) child.kill("SIGKILL");
      }
      if (child.signalCode === null && child.exitCode === null) await once(child, "exit");
      assert.ok((await stat(path)).size < 0.9 * puts * 50_000, "it was rewritten meanwhile");
      const { records } = await reopened(fillerSchema);
      for (const key of kept) assert.ok(records.has(key), `${key} was acknowledged`);
      for (const key of records.keys()) assert.ok(begun.has(key), `${key} was removed`);
      for (const { n, filler } of records.values()) assert.equal(filler, String(n % 10).repeat(50_000));
      await rm(path);
    }
  });
});
