import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EngineHealth, Provider } from "../../../src/engine";
import { useEngines } from "../../support/engines";
import { plain } from "../../support/pictures";
import { installToySam } from "../../support/sam-folder";

const NEWEST = "999.0.0";

describe("the provider that sam computes on", () => {
  const engines = useEngines();
  let logged: string[];
  beforeEach(() => {
    logged = [];
    installToySam(engines.folder);
  });

  /** A runtime that the user has installed: the real one, with one more provider behind which the processor is. */
  function installRuntime(provider: Provider): void {
    const folder = join(engines.folder, "own", "node_modules", "onnxruntime-node");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "onnxruntime-node", version: NEWEST }));
    writeFileSync(
      join(folder, "index.js"),
      `const real = require(${JSON.stringify(require.resolve("onnxruntime-node"))});
       exports.Tensor = real.Tensor;
       exports.InferenceSession = class {
         static create(model, options) {
           const [provider, ...others] = options.executionProviders;
           if (others.length > 0) throw new Error("one at a time");
           return real.InferenceSession.create(model, {
             ...options,
             executionProviders: [provider === ${JSON.stringify(provider)} ? "cpu" : provider],
           });
         }
       };`,
    );
  }

  async function backend(providers?: Provider[]): Promise<EngineHealth["backend"]> {
    const searchFolders = [join(engines.folder, "own")];
    const engine = engines.start({ providers, searchFolders, log: (message) => logged.push(message) });
    assert.equal((await engine.segment(await engines.task(plain(40, 30).png()))).length, 1);
    return engine.health().backend;
  }

  it("is the processor unless another one is asked for", async () => {
    installRuntime("cuda");
    assert.deepEqual(await backend(), { runtime: `onnxruntime-node ${NEWEST}`, provider: "cpu" });
    assert.deepEqual(logged, []);
  });

  it("is the first of those asked for that the user's own runtime has", async () => {
    installRuntime("dml");
    assert.deepEqual(await backend(["cuda", "dml", "cpu"]), {
      runtime: `onnxruntime-node ${NEWEST}`,
      provider: "dml",
    });
    assert.equal(logged.length, 1);
    assert.match(
      logged[0]!,
      /^The provider cuda is not used, as onnxruntime-node 999\.0\.0 lacks it or can't load it: /,
    );
  });

  it("is the processor when no other works, and the log says why", async () => {
    const found = await backend(["coreml"]);
    assert.equal(found?.provider, "cpu");
    assert.match(logged.join(), /The provider coreml is not used/);
  });

  it("tries none after the processor", async () => {
    installRuntime("cuda");
    assert.equal((await backend(["cpu", "cuda"]))?.provider, "cpu");
    assert.deepEqual(logged, []);
  });
});
