import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pruneEmbeddings } from "../../../src/engine";
import { EmbeddingFolder } from "../../../src/engine/sam/embedding-folder";
import { removeFolder } from "../../../tools/remove-folder";
import { scratchFolder } from "../../support/sam-folder";

const sha256 = (digit: string): string => digit.repeat(64);
const A = sha256("a");
const B = sha256("b");
const C = sha256("c");
const VALUES = Float32Array.from({ length: 100 }, (_, index) => index / 7 - 3);
/** Of a file with VALUES: they, and a sha256. */
const FILE_BYTES = 432;

describe("embeddings on disk", () => {
  let scratch = "";
  let dir = "";
  let folder: EmbeddingFolder;
  beforeEach(() => {
    scratch = scratchFolder();
    dir = join(scratch, "embeddings");
    folder = new EmbeddingFolder(dir, sha256("e"));
  });
  afterEach(() => removeFolder(scratch));

  const fileOf = (picture: string): string =>
    join(dir, readdirSync(dir).find((name) => name.startsWith(picture)) ?? "missing");

  it("are read as they were written, also a part of a longer array", async () => {
    assert.equal(await folder.read(A), undefined);
    await folder.write(A, VALUES);
    await folder.write(B, VALUES.subarray(10, 20));
    assert.deepEqual(await folder.read(A), VALUES);
    assert.deepEqual(await folder.read(B), VALUES.slice(10, 20));
    assert.equal(await folder.read(C), undefined);
  });

  it("are not read with other weights, even under their name", async () => {
    await folder.write(A, VALUES);
    const others = new EmbeddingFolder(dir, sha256("f"));
    assert.equal(await others.read(A), undefined);
    const first = fileOf(A);
    await others.write(A, VALUES);
    const second = join(dir, readdirSync(dir).find((name) => join(dir, name) !== first) ?? "");
    copyFileSync(first, second);
    assert.equal(await others.read(A), undefined);
    assert.deepEqual(await folder.read(A), VALUES);
  });

  const damages: Record<string, (file: string) => void> = {
    "cut off": (file) => truncateSync(file, FILE_BYTES - 4),
    empty: (file) => writeFileSync(file, ""),
    "full of zeros, as after a power cut": (file) => writeFileSync(file, Buffer.alloc(FILE_BYTES)),
    "different in one bit": (file) => {
      const bytes = readFileSync(file);
      bytes[200]! ^= 1;
      writeFileSync(file, bytes);
    },
  };
  for (const [how, damage] of Object.entries(damages)) {
    it(`are removed when their file is ${how}`, async () => {
      await folder.write(A, VALUES);
      const file = fileOf(A);
      damage(file);
      assert.equal(await folder.read(A), undefined);
      assert.ok(!existsSync(file));
    });
  }

  it("that can't be written leave nothing behind, and none are read", async () => {
    writeFileSync(dir, "a file where the folder should be");
    await assert.rejects(folder.write(A, VALUES), { code: "EEXIST" });
    assert.equal(await folder.read(A), undefined);
    await pruneEmbeddings(dir, { maxBytes: 0, isWanted: () => true, signal: new AbortController().signal });
    assert.deepEqual(readdirSync(scratch), ["embeddings"]);
  });

  describe("when they are pruned", () => {
    const prune = (maxBytes: number, wanted = [A, B, C], signal = new AbortController().signal) =>
      pruneEmbeddings(dir, { maxBytes, isWanted: (picture) => wanted.includes(picture), signal });
    const kept = (): string[] => readdirSync(dir).map((name) => name[0] ?? "");
    beforeEach(async () => {
      for (const [hour, picture] of [A, B, C].entries()) {
        await folder.write(picture, VALUES);
        utimesSync(fileOf(picture), 0, hour * 3600);
      }
    });

    it("go that were used longest ago", async () => {
      await folder.read(A);
      await prune(FILE_BYTES * 2);
      assert.deepEqual(kept(), ["a", "c"]);
      await prune(FILE_BYTES * 2 - 1);
      assert.deepEqual(kept(), ["a"]);
      await prune(-1);
      assert.deepEqual(kept(), []);
    });
    it("go with their picture, also half written ones and those of other weights", async () => {
      await new EmbeddingFolder(dir, sha256("f")).write(A, VALUES);
      writeFileSync(join(dir, `${A}.eeee.v1.1234.tmp`), "half");
      await prune(FILE_BYTES * 9, [B]);
      assert.deepEqual(kept(), ["b"]);
    });
    it("leave other files alone", async () => {
      writeFileSync(join(dir, "readme.txt"), "");
      await prune(0);
      assert.deepEqual(readdirSync(dir), ["readme.txt"]);
    });
    it("stay when the signal is aborted", async () => {
      await prune(0, [], AbortSignal.abort());
      assert.deepEqual(kept(), ["a", "b", "c"]);
    });
  });
});
