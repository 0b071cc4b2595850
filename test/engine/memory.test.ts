import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { useEngines } from "../support/engines";
import { plain } from "../support/pictures";
import { bytesOf, startWithWorker } from "./worker-memory";

describe("the memory of the engine's worker", function () {
  const engines = useEngines();
  before(function () {
    if (process.platform !== "linux") this.skip();
  });

  it("ends the worker alone when there is no more: the job says so, and the next one is served", async () => {
    const { engine, worker } = startWithWorker(engines);
    await engine.segment(await engines.task(plain(40, 30).png()));
    // From now on the system gives this process no more memory.
    execFileSync("prlimit", ["--pid", String(worker), `--as=${bytesOf(worker, "VmSize")}`]);
    const large = await engines.task(plain(5000, 5000).png());
    await assert.rejects(engine.segment(large), {
      code: "job-failed",
      message:
        /^The worker ended unexpectedly \((SIGABRT|SIGTRAP|code 134)\)\. Most likely the machine has run out of memory: /,
    });
    assert.equal((await engine.segment(large)).length, 1);
  });
});
