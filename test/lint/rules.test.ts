import assert from "node:assert/strict";
import { join } from "node:path";
import { ESLint } from "eslint";

const ROOT = join(__dirname, "..", "..");

describe("the lint rules of this project", () => {
  const eslint = new ESLint({ cwd: ROOT, overrideConfigFile: join(ROOT, "lint", "eslint.config.mjs") });

  /** The rules that a line in a file of the project breaks. */
  async function broken(file: string, line: string): Promise<string[]> {
    const [result] = await eslint.lintText(`${line}\n`, { filePath: join(ROOT, file) });
    return result!.messages.map(({ ruleId, message }) => ruleId ?? message);
  }

  const ARROWS = "house/arrows";
  const LOAD_TIME = "house/load-time";
  const refused: [string, string, string[]][] = [
    ["nodes/segment-start.ts", 'import type { Engine } from "../src/engine";', [ARROWS]],
    ["nodes/segment-start.ts", 'void import("../src/engine/index.js");', [ARROWS]],
    ["nodes/segment-start.ts", 'let engine: typeof import("../src/engine");', [ARROWS]],
    ["nodes/segment-start.ts", 'void import("sharp");', [ARROWS]],
    ["nodes/segment-start.ts", 'import engine = require("../src/engine");', [ARROWS, LOAD_TIME]],
    ["src/client/client.ts", 'import sharp = require("sharp");', [ARROWS]],
    ["src/client/client.ts", 'const sharp = require("sharp");', [ARROWS]],
    ["nodes/wait/waits.ts", 'import z = require("zod");', [LOAD_TIME]],
    ["nodes/wait/waits.ts", 'const { z } = require("zod");', [LOAD_TIME]],
    ["nodes/wait/waits.ts", 'import { LatestWins } from "../start/latest-wins";', [ARROWS]],
    ["nodes/common/topic.ts", 'import { Connection } from "../service/connection";', [ARROWS]],
    ["nodes/service/connection.ts", 'import { Waits } from "../wait/waits";', [ARROWS]],
    ["src/client/client.ts", 'import "../server";', [ARROWS]],
    ["src/server/server.ts", 'void import("../client/index.js");', [ARROWS]],
    ["src/server/server.ts", 'import "../simulator";', [ARROWS]],
    ["src/server/server.ts", 'import "onnxruntime-node";', [ARROWS]],
    ["src/server/server.ts", 'import "../engine/sam/locate";', [ARROWS]],
    ["src/engine/graphcut/segmenter.ts", 'import "../sam/model";', [ARROWS]],
    ["src/engine/critic/critic.ts", 'import type { EngineTask } from "../types";', [ARROWS]],
    ["src/store/index.ts", 'import "../api";', [ARROWS]],
    ["src/alarm/alarm.ts", 'import type { RecordStore } from "../store";', [ARROWS]],
    ["src/async/semaphore.ts", 'import type { Job } from "../api";', [ARROWS]],
    ["src/simulator/simulator.ts", 'export * from "../cli/options";', [ARROWS]],
    ["tools/node-red.ts", 'import { startServer } from "../test/server/support";', [ARROWS]],
    ["scripts/test-hosts.ts", 'import "../test/support/engines";', [ARROWS]],
    ["examples/demo/run.ts", 'import "../../bench/support/results";', [ARROWS]],
    ["nodes/segment-start.ts", 'import { z } from "zod";', [LOAD_TIME]],
    ["nodes/segment-start.ts", 'import { jobSchema } from "../src/api";', [LOAD_TIME]],
    ["nodes/segment-start.ts", 'export * from "./start/start-jobs.lazy";', [LOAD_TIME]],
    ["nodes/wait/waits.ts", 'import { readJob, type JobRef } from "./job-ref.lazy";', [LOAD_TIME]],
    ["src/embedded/child.ts", 'import { childMessageSchema } from "../api";', [LOAD_TIME]],
  ];
  for (const [file, line, rules] of refused) {
    it(`refuses ${line} in ${file}`, async () => {
      assert.deepEqual(await broken(file, line), rules);
    });
  }

  const allowed: [string, string][] = [
    ["nodes/segment-start.ts", 'void import("../src/result/index.js");'],
    ["nodes/segment-start.ts", 'import type { PromptInput } from "../src/prompt";'],
    ["nodes/segment-start.ts", 'import { SegmentError } from "../src/api/segment-error";'],
    ["nodes/segment-start.ts", 'import { type Job } from "../src/api";'],
    ["nodes/start/start-jobs.lazy.ts", 'import { z } from "zod";'],
    ["src/server/server.ts", 'import "../engine";'],
    ["src/engine/draw.ts", 'import "sharp";'],
    ["bench/wait.ts", 'import "../tools/random";'],
  ];
  for (const [file, line] of allowed) {
    it(`allows ${line} in ${file}`, async () => {
      assert.deepEqual(await broken(file, line), []);
    });
  }

  const lines = (count: number): string => "f();\n".repeat(count);
  const lengths: [string, string, string, string[]][] = [
    [
      "a function of more than 60 lines",
      "src/client/client.ts",
      `function f() {\n${lines(60)}}`,
      ["max-lines-per-function"],
    ],
    ["a function of 60 lines", "src/client/client.ts", `function f() {\n${lines(58)}}`, []],
    ["a file of more than 300 lines", "src/client/client.ts", lines(300), ["max-lines"]],
    ["a node file of more than 110 lines", "nodes/segment-start.ts", lines(110), ["max-lines"]],
    ["a room's file of more than 110 lines", "nodes/start/start-jobs.lazy.ts", lines(110), []],
  ];
  for (const [what, file, text, rules] of lengths) {
    it(`${rules.length > 0 ? "limits" : "allows"} ${what}`, async () => {
      assert.deepEqual(await broken(file, text), rules);
    });
  }
});
