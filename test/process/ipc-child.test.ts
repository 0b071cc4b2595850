import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endText, IpcChild, type ChildCommand, type ChildEnd } from "../../src/process/ipc-child";

const COMMAND: ChildCommand = { module: join(__dirname, "child.mjs"), stdout: "lines", stderr: "lines" };

/** A running child, and everything that it has reported. */
function start(command: ChildCommand = COMMAND) {
  const messages: unknown[] = [];
  const lines: string[] = [];
  const ends: ChildEnd[] = [];
  const child = new IpcChild(command, {
    message: (message) => messages.push(message),
    line: (text) => lines.push(text),
    ended: (end) => ends.push(end),
  });
  return { child, messages, lines, ends };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("IpcChild", function () {
  this.timeout(30_000);

  it("passes arguments and options of Node.js on, but not NODE_OPTIONS", async () => {
    const before = process.env["NODE_OPTIONS"];
    process.env["NODE_OPTIONS"] = "--no-warnings";
    const { child, lines } = start({ ...COMMAND, args: ["a", "b c"], execArgv: ["--single-threaded-gc"] });
    if (before === undefined) Reflect.deleteProperty(process.env, "NODE_OPTIONS");
    else process.env["NODE_OPTIONS"] = before;
    await until(() => lines.length === 2);
    assert.deepEqual(lines.sort(), ["args a b c", "node options undefined, --single-threaded-gc"]);
    child.kill();
  });

  it("exchanges messages, and reports a kill once", async () => {
    const { child, messages, ends } = start();
    child.send({ do: "echo" });
    await until(() => messages.length > 0);
    assert.deepEqual(messages, [{ echo: "echo" }]);
    child.kill();
    await until(() => ends.length > 0);
    await sleep(1200);
    assert.equal(ends.length, 1);
    assert.equal(endText(ends[0]!), "SIGKILL");
  });

  it("reports the exit code after the last line", async () => {
    const { child, lines, ends } = start();
    child.send({ do: "fail" });
    await until(() => ends.length > 0);
    assert.equal(endText(ends[0]!), "code 3");
    assert.equal(lines.at(-1), "the last words");
  });

  it("reports the end although a grandchild keeps the output open", async () => {
    const { child, messages, ends } = start();
    child.send({ do: "leave a grandchild" });
    await until(() => messages.length > 0);
    const { grandchild } = messages[0] as { grandchild: number };
    child.kill();
    await until(() => ends.length > 0);
    assert.ok(isAlive(grandchild));
    process.kill(grandchild, "SIGKILL");
  });

  it("reports a message that can't be sent any more, where that is asked for", async () => {
    const { child, ends } = start();
    child.kill();
    await until(() => ends.length > 0);
    child.send({ do: "echo" });
    const error = await new Promise<Error>((resolve) => child.send({ do: "echo" }, resolve));
    assert.match(error.message, /closed/);
  });

  it("refuses a module that is missing", () => {
    assert.throws(() => start({ ...COMMAND, module: join(__dirname, "missing.mjs") }), /missing\.mjs/);
  });

  it("reports a process that can't be started", async () => {
    const { execPath } = process;
    process.execPath = join(__dirname, "no-node");
    try {
      const { child, ends } = start();
      assert.equal(child.pid, undefined);
      child.unref();
      await until(() => ends.length > 0);
      assert.match(endText(ends[0]!), /ENOENT/);
    } finally {
      process.execPath = execPath;
    }
  });

  it("does not keep its parent alive after unref, and ends with it", async () => {
    const pid = Number(
      execFileSync(process.execPath, ["--require", "tsx/cjs", join(__dirname, "parent.ts")], { encoding: "utf8" }),
    );
    assert.ok(pid > 0);
    await until(() => !isAlive(pid));
  });
});
