import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { SegmentError } from "../../src/api";
import { takeLock } from "../../src/server/lock";
import { removeDir, scratchDir } from "./support";

describe("the lock of a data directory", () => {
  let dir: string;
  beforeEach(() => {
    dir = scratchDir();
  });
  afterEach(() => removeDir(dir));

  it("has one holder at a time, also by another path to the same folder", async () => {
    const lock = await takeLock(dir, 0);
    const link = `${dir}-link`;
    symlinkSync(dir, link);
    for (const path of [dir, link]) {
      await assert.rejects(
        takeLock(path, 0),
        (error) => error instanceof SegmentError && error.code === "not-available" && error.message.includes(path),
      );
    }
    removeDir(link);
    await lock.release();
    await (await takeLock(dir, 0)).release();
  });

  it("goes to a waiting process when the holder releases it", async () => {
    const lock = await takeLock(dir, 0);
    const waiting = takeLock(dir, 10_000);
    await lock.release();
    await (await waiting).release();
  });

  it("is freed by the system when the holder is killed", async () => {
    const script = `require("tsx/cjs"); require(${JSON.stringify(join(__dirname, "../../src/server/lock"))})
      .takeLock(${JSON.stringify(dir)}, 0).then(() => { console.log("held"); setInterval(() => undefined, 1000); });`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"], cwd: process.cwd() });
    await once(child.stdout, "data");
    await assert.rejects(takeLock(dir, 0), SegmentError);
    child.kill("SIGKILL");
    await once(child, "exit");
    await (await takeLock(dir, 5000)).release();
  });
});
