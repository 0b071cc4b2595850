import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ContentStore } from "../../src/store";

describe("ContentStore", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "content-store-"));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it("keeps bytes under their sha256, once, and finds them again", async () => {
    const store = await ContentStore.open(dir);
    const bytes = Buffer.from("a picture");
    const names = await Promise.all([store.put(bytes), store.put(bytes), store.put(Buffer.from("another"))]);
    assert.equal(names[0], createHash("sha256").update(bytes).digest("hex"));
    assert.equal(names[1], names[0]);
    assert.equal(store.totalBytes, 16);
    const again = await ContentStore.open(dir);
    assert.deepEqual(again.names().sort(), [names[0], names[2]].sort());
    assert.equal(again.size(names[0]), 9);
    assert.equal(again.totalBytes, 16);
    assert.deepEqual(await readFile(again.path(names[0])), bytes);
  });

  it("removes a content and stores it again", async () => {
    const store = await ContentStore.open(dir);
    const name = await store.put(Buffer.from("x"));
    assert.equal(await store.remove(name), true);
    assert.equal(await store.remove(name), false);
    assert.equal(store.size(name), undefined);
    assert.equal(store.totalBytes, 0);
    await store.put(Buffer.from("x"));
    assert.equal(store.totalBytes, 1);
  });

  it("sets temporary files aside when it is opened", async () => {
    const store = await ContentStore.open(dir);
    const name = await store.put(Buffer.from("x"));
    await writeFile(`${store.path(name)}.1.tmp`, "half");
    const again = await ContentStore.open(dir);
    assert.equal(again.setAside, 1);
    assert.deepEqual(again.names(), [name]);
  });

  it("refuses a name that is not a hash", async () => {
    const store = await ContentStore.open(dir);
    assert.throws(() => store.path("../../etc/passwd"), RangeError);
  });
});
