import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { childMessageSchema, type ParentMessage } from "../../src/api";
import { installToySam } from "../support/sam-folder";
import { itWithSignals } from "../support/signals";
import { CLI, errorOf, removeDir, runCli, scratchDir, ServerProcess, TestClient, TOKEN } from "../server/support";

describe("the command line", function () {
  this.timeout(60_000);
  let dataDir: string;
  beforeEach(() => {
    dataDir = scratchDir();
  });
  afterEach(() => removeDir(dataDir));

  it("prints help and version", async () => {
    const help = await runCli(["--help"]);
    assert.equal(help.code, 0);
    for (const option of ["--port", "--host", "--token", "SEGMENT_SERVER_TOKEN", "--data", "install-sam", "--from"]) {
      assert.ok(help.stdout.includes(option), option);
    }
    assert.deepEqual(await runCli(["install-sam", "--help"]), help);
    assert.match((await runCli(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
  });

  const mistakes: [string[], RegExp][] = [
    [["--nonsense"], /--nonsense/],
    [["positional"], /positional/],
    [["--port", "80000"], /--port/],
    [["--port", "x"], /--port.*"x"/],
    [["--workers", "0"], /--workers/],
    [["--workers"], /--workers/],
    [["--engine", "magic"], /--engine.*"magic"/],
    [["--sam-providers", "cuda,tpu"], /--sam-providers: must be names from cpu, cuda, dml, coreml.*"cuda,tpu"/],
    [["--keep-hours", "-1"], /--keep-hours/],
    [["--token", ""], /--token/],
    [["--host", "0.0.0.0"], /token/],
    [["--ipc"], /IPC/],
    [["install-sam", "--port", "1"], /--port/],
  ];
  for (const [args, message] of mistakes) {
    it(`refuses ${args.join(" ")} in one line with exit code 2`, async () => {
      const { code, stdout, stderr } = await runCli([
        ...args,
        ...(args[0] === "positional" ? [] : ["--data", dataDir]),
      ]);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, /^segment-server: [^\n]+\n$/);
      assert.match(stderr, message);
    });
  }

  it("reports in its health what the engine computes on, and logs why the provider differs from the option", async () => {
    installToySam(dataDir);
    const server = await ServerProcess.start(["--data", dataDir, "--sam-providers", "cuda,cpu"]);
    const health = z.object({ engine: z.object({ runtime: z.string().optional(), provider: z.string().optional() }) });
    for (;;) {
      const { engine } = health.parse((await new TestClient(server.url, null).http.get("/health")).data);
      if (engine.provider !== undefined) {
        assert.deepEqual(engine, { runtime: "onnxruntime-node 99.0.0", provider: "cpu" });
        break;
      }
      await delay(50);
    }
    await server.end("SIGTERM");
    assert.match(server.output.stderr, /The provider cuda is not used, as onnxruntime-node 99\.0\.0 lacks it/);
  });

  itWithSignals(
    "prints its address on one line of stdout, takes the token of the environment, and ends on SIGTERM",
    async () => {
      const server = await ServerProcess.start(["--data", dataDir]);
      assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
      assert.equal((await new TestClient(server.url).http.get("/api/v1/token/inspect")).status, 200);
      errorOf(await new TestClient(server.url, "other").http.get("/api/v1/token/inspect"), 401);
      assert.equal(await server.end("SIGTERM"), 0, server.output.stderr);
      assert.ok(!server.output.stderr.includes(TOKEN));
    },
  );

  itWithSignals("prefers --token, and listens on other addresses with one", async () => {
    const server = await ServerProcess.start(["--data", dataDir, "--token", "by-option", "--host", "0.0.0.0"]);
    assert.equal((await new TestClient(server.url, "by-option").http.get("/api/v1/token/inspect")).status, 200);
    assert.equal(await server.end("SIGINT"), 0, server.output.stderr);
  });

  it("says plainly when its port or its data directory is taken", async () => {
    const first = await ServerProcess.start(["--data", dataDir]);
    const other = scratchDir();
    const { port } = new URL(first.url);
    const [samePort, sameData] = await Promise.all([
      runCli(["--data", other, "--port", port]),
      runCli(["--data", dataDir, "--port", "0"]),
    ]);
    assert.equal(samePort.code, 1);
    assert.match(samePort.stderr, new RegExp(`segment-server: .*${port}`));
    assert.equal(sameData.code, 1);
    assert.match(sameData.stderr, /segment-server: Another segment server is using the data directory/);
    await first.end("SIGTERM");
    removeDir(other);
  });

  describe("--ipc", () => {
    let child: ChildProcess;
    const spawnChild = () => {
      child = fork(CLI, ["--ipc", "--data", dataDir], { execArgv: [], stdio: ["ignore", "pipe", "pipe", "ipc"] });
    };
    const send = (message: ParentMessage) => child.send(message);
    const nextMessage = async () => {
      const [message] = (await once(child, "message")) as [unknown];
      return childMessageSchema.parse(message);
    };
    const ready = async () => {
      send({ type: "start", token: "a-token-from-the-parent" });
      const message = await nextMessage();
      if (message.type !== "ready") return assert.fail(message.message);
      return new TestClient(message.url, "a-token-from-the-parent");
    };
    beforeEach(spawnChild);
    afterEach(() => child.kill("SIGKILL"));

    it("takes the token over IPC, checks the Host, and ends on the message to stop", async () => {
      const { http } = await ready();
      assert.equal((await http.get("/api/v1/token/inspect")).status, 200);
      errorOf(await http.get("/health", { headers: { host: "evil.example" } }), 403);
      send({ type: "stop" });
      const [code] = (await once(child, "exit")) as [number];
      assert.equal(code, 0);
    });

    it("ends when its parent is gone", async () => {
      await ready();
      child.disconnect();
      const [code] = (await once(child, "exit")) as [number];
      assert.equal(code, 0);
    });

    it("ends when its parent is gone before it has started", async () => {
      child.disconnect();
      const [code] = (await once(child, "exit")) as [number];
      assert.equal(code, 0);
    });

    it("reports why it can't start", async () => {
      child.kill("SIGKILL");
      const data = dataDir;
      dataDir = CLI; // a file
      spawnChild();
      dataDir = data;
      send({ type: "start", token: "a-token-from-the-parent" });
      const [message, [code]] = await Promise.all([nextMessage(), once(child, "exit") as Promise<[number]>]);
      assert.equal(message.type, "failed");
      assert.equal(code, 1);
    });
  });
});
