import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linkPackage, startNodeRed, type Flow } from "../../tools/node-red";
import { removeFolder } from "../../tools/remove-folder";
import { HANG_MS } from "../support/limits";

const EXAMPLE = join(__dirname, "..", "..", "examples", "Measure and alarm.json");

describe("the example Measure and alarm", () => {
  it("runs as it is imported: the cup is measured, and an alarm is raised", async () => {
    const flow = (JSON.parse(readFileSync(EXAMPLE, "utf8")) as Flow).map((node) =>
      node.type === "debug" ? { ...node, console: true } : node,
    );
    const inject = flow.find(({ type }) => type === "inject");
    const home = mkdtempSync(join(tmpdir(), "segment-example-"));
    try {
      await linkPackage(home);
      const nodeRed = await startNodeRed(home, flow, AbortSignal.timeout(HANG_MS));
      try {
        await nodeRed.inject(inject?.id ?? "");
        const outcome = /\[debug:(change of state|not completed|error)\]\s+([^[]*)/;
        while (!outcome.test(nodeRed.log())) await new Promise((resolve) => setTimeout(resolve, 100));
        const [, name, text = ""] = outcome.exec(nodeRed.log()) ?? [];
        assert.equal(name, "change of state", text);
        assert.match(text, /state: 'alarm'/);
        assert.match(text, /limit: 'high'/);
      } finally {
        await nodeRed.stop();
      }
    } finally {
      removeFolder(home);
    }
  });
});
