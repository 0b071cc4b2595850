// ESLint doesn't read the HTML files of the nodes, so their length is checked here.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const NODES = join(__dirname, "..", "..", "nodes");
const MAX_LINES = 300;

describe("the dialogs of the nodes", () => {
  for (const file of readdirSync(NODES).filter((name) => name.endsWith(".html"))) {
    it(`${file} has at most ${MAX_LINES} lines`, () => {
      const lines = readFileSync(join(NODES, file), "utf8").trimEnd().split("\n").length;
      assert.ok(lines <= MAX_LINES, `${lines} lines`);
    });
  }
});
