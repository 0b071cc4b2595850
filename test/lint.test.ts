import assert from "node:assert/strict";
import { join } from "node:path";
import { ESLint } from "eslint";

const ROOT = join(__dirname, "..");
const ARROW_RULES = ["no-restricted-imports", "no-restricted-syntax"];

describe("the lint rule of the architecture's arrows", function () {
  this.timeout(60_000);
  const eslint = new ESLint({ cwd: ROOT });

  /** What the rule says of a line in a file of the project. */
  async function verdict(file: string, line: string): Promise<string[]> {
    const [result] = await eslint.lintText(`${line}\n`, { filePath: join(ROOT, file) });
    return result!.messages.filter(({ ruleId }) => ARROW_RULES.includes(ruleId ?? "")).map(({ message }) => message);
  }

  const refused: [string, string][] = [
    ["nodes/segment-start.ts", 'import "../src/engine";'],
    ["nodes/segment-start.ts", 'void import("../src/engine/index.js");'],
    ["nodes/segment-start.ts", 'void import("sharp");'],
    ["src/client/client.ts", 'import "../server";'],
    ["src/server/server.ts", 'void import("../client/index.js");'],
    ["src/server/server.ts", 'import "onnxruntime-node";'],
    ["src/store/index.ts", 'import "../api";'],
    ["src/alarm/alarm.ts", 'import "../store";'],
  ];
  for (const [file, line] of refused) {
    it(`refuses ${line} in ${file}`, async () => {
      assert.equal((await verdict(file, line)).length, 1);
    });
  }

  it("lets what the arrows allow pass", async () => {
    assert.deepEqual(await verdict("nodes/segment-start.ts", 'void import("../src/client/index.js");'), []);
    assert.deepEqual(await verdict("src/server/server.ts", 'import "../engine";'), []);
  });
});
