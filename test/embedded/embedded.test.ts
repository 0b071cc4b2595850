import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { SegmentError } from "../../src/api";
import { acquire, clientOf, closeAll, gone, isAlive, scratchFolder, until } from "./setup";

describe("embedded server", function () {
  this.timeout(60_000);
  afterEach(closeAll);

  it("starts, serves its client and refuses others", async () => {
    const { server, pids } = acquire(scratchFolder());
    assert.equal(typeof (await clientOf(server).health())["status"], "string");
    await clientOf(server).inspectToken();
    assert.equal(pids().length, 1);
    const { url, token } = await server.endpoint();
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.match(token, /^[0-9a-f]{64}$/);
    const inspect = `${url}/api/v1/token/inspect`;
    assert.equal((await fetch(inspect)).status, 401);
    assert.equal((await fetch(inspect, { headers: { authorization: `Bearer ${"0".repeat(64)}` } })).status, 401);
  });

  it("keeps its token out of command line and environment", async function () {
    if (process.platform !== "linux") this.skip();
    const { server, pids } = acquire(scratchFolder());
    const { token } = await server.endpoint();
    const [pid] = pids();
    for (const file of ["cmdline", "environ"]) {
      const text = readFileSync(`/proc/${pid}/${file}`, "utf8");
      assert.ok(text.length > 0);
      assert.equal(text.includes(token), false, file);
    }
  });

  it("comes back after a kill, at another address with another token, for the same client", async () => {
    const { server, pids } = acquire(scratchFolder());
    const client = clientOf(server);
    await client.inspectToken();
    const before = await server.endpoint();
    process.kill(pids()[0]!, "SIGKILL");
    await client.inspectToken();
    const after = await server.endpoint();
    assert.equal(pids().length, 2);
    assert.notEqual(after.url, before.url);
    assert.notEqual(after.token, before.token);
  });

  it("is shared by all users of a folder, by whatever path, until the last one leaves", async () => {
    const folder = scratchFolder();
    const link = join(scratchFolder(), "link");
    symlinkSync(folder, link);
    const first = acquire(folder);
    const second = acquire(link, { engine: "sam" });
    assert.deepEqual(await first.server.endpoint(), await second.server.endpoint());
    assert.match(second.lines.join("\n"), /other options/);
    const [pid] = [...first.pids(), ...second.pids()];
    first.server.release();
    first.server.release();
    await clientOf(second.server).inspectToken();
    second.server.release();
    await gone(pid!);
    await assert.rejects(second.server.endpoint(), /stopped, as no config node uses it/);
  });

  it("outlives its last user for a while, so that a redeploy finds it running", async () => {
    const folder = scratchFolder();
    const first = acquire(folder, { lingerMs: 5000 });
    const before = await first.server.endpoint();
    first.server.release();
    const second = acquire(folder);
    assert.deepEqual(await second.server.endpoint(), before);
  });

  it("is replaced when its last user is gone and the next one has other options", async () => {
    const folder = scratchFolder();
    const first = acquire(folder, { lingerMs: 30_000 });
    const before = await first.server.endpoint();
    first.server.release();
    const second = acquire(folder, { keepHours: 1 });
    assert.notDeepEqual(await second.server.endpoint(), before);
    await gone(first.pids()[0]!);
  });

  it("runs one server for each folder", async () => {
    const [first, second] = [acquire(scratchFolder()), acquire(scratchFolder())];
    assert.notEqual((await first.server.endpoint()).url, (await second.server.endpoint()).url);
  });

  it("reports why it does not start, and starts once the cause is removed", async () => {
    const folder = join(scratchFolder(), "data");
    writeFileSync(folder, "not a folder");
    const { server } = acquire(folder);
    const error: unknown = await server.endpoint().catch((reason: unknown) => reason);
    assert.ok(error instanceof SegmentError);
    assert.equal(error.code, "unreachable");
    assert.match(error.message, /data directory .*data\).*(EEXIST|ENOTDIR)/);
    await assert.rejects(server.endpoint(), { code: "unreachable" }); // at once, after two failed starts
    rmSync(folder);
    const ready = (): Promise<boolean> =>
      server.endpoint().then(
        () => true,
        () => false,
      );
    while (!(await ready())) await sleep(50);
  });

  it("is killed when it does not stop by itself", async function () {
    if (process.platform === "win32") this.skip();
    const { server, pids } = acquire(scratchFolder());
    await server.endpoint();
    process.kill(pids()[0]!, "SIGSTOP");
    server.release();
    await gone(pids()[0]!);
  });

  it("lets a caller give up while it starts", async () => {
    const { server } = acquire(scratchFolder());
    const stop = new AbortController();
    const pending = server.endpoint(stop.signal);
    stop.abort();
    await assert.rejects(pending, { code: "cancelled" });
    await server.endpoint();
  });

  it("is not reached through the environment's proxy", async () => {
    let caught = 0;
    const proxy = http.createServer((_request, response) => {
      caught++;
      response.writeHead(502).end();
    });
    proxy.on("connect", (_request, socket) => {
      caught++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const before = process.env["HTTP_PROXY"];
    process.env["HTTP_PROXY"] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    try {
      await clientOf(acquire(scratchFolder()).server).inspectToken();
      assert.equal(caught, 0);
    } finally {
      if (before === undefined) Reflect.deleteProperty(process.env, "HTTP_PROXY");
      else process.env["HTTP_PROXY"] = before;
      proxy.close();
    }
  });

  for (const [name, then, kill] of [
    ["is killed", "stay", true],
    ["ends by itself, which the server does not prevent", "end", false],
  ] as const) {
    it(`ends when its Node-RED ${name}`, async () => {
      const parent = spawn(process.execPath, ["--import", "tsx", join(__dirname, "parent.ts"), scratchFolder(), then], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      let log = "";
      parent.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
      await once(createInterface({ input: parent.stdout }), "line");
      await until(() => /process \d+/.test(log));
      const pid = Number(/process (\d+)/.exec(log)?.[1]);
      assert.ok(pid > 0);
      if (kill) {
        assert.ok(isAlive(pid));
        parent.kill("SIGKILL");
      }
      await once(parent, "close");
      await gone(pid);
    });
  }
});
