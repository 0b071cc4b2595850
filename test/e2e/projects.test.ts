import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { linkPackage, startNodeRed, type Flow, type RunningNodeRed } from "../../tools/node-red";
import { readOutcome, resultOf, writeOutcomesTo } from "../../tools/outcome";
import { removeFolder } from "../../tools/remove-folder";
import { HANG_MS } from "../support/limits";

const EXAMPLE = join(__dirname, "..", "..", "examples", "Segment one image.json");
const TOKEN = "a-token-that-no-file-shows";

describe("a project of Node-RED", () => {
  let home: string;
  let nodeRed: RunningNodeRed;
  before(async () => {
    home = mkdtempSync(join(tmpdir(), "segment-projects-"));
    await linkPackage(home);
    const settings = { editorTheme: { projects: { enabled: true }, tours: false } };
    nodeRed = await startNodeRed(home, [], AbortSignal.timeout(HANG_MS), settings);
  });
  after(async () => {
    await nodeRed.stop();
    removeFolder(home);
  });

  async function post(path: string, body: object): Promise<void> {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${nodeRed.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    assert.ok(answer.ok, `${path}: HTTP ${answer.status} ${await answer.text()}`);
  }

  it("runs the example, and contains nothing of ours but the flow, without its secrets", async () => {
    await post("settings/user", { git: { user: { name: "engineer", email: "engineer@example.com" } } });
    await post("projects", {
      name: "line4",
      summary: "",
      files: { flow: "flows.json", credentials: "flows_cred.json" },
      credentialSecret: "secret of the project",
    });
    const outcomes = join(home, "outcome.json");
    const flow = writeOutcomesTo(outcomes, JSON.parse(readFileSync(EXAMPLE, "utf8")) as Flow);
    const remote = { id: "remote", type: "segment-config", service: "server", baseUrl: "http://127.0.0.1:9" };
    const before = nodeRed.log().length;
    await post("flows", [...flow, { ...remote, auth: "token", credentials: { token: TOKEN } }]);
    while (!nodeRed.log().includes("Started flows", before)) await Promise.race([delay(50), nodeRed.crashed]);
    await nodeRed.inject(flow.find(({ type }) => type === "inject")?.id ?? "");
    assert.equal(resultOf(await readOutcome(outcomes, AbortSignal.timeout(HANG_MS))).job.status, "Completed");

    const project = join(home, ".node-red", "projects", "line4");
    const files = readdirSync(project).filter((name) => !name.startsWith("."));
    assert.deepEqual(files.sort(), ["README.md", "flows.json", "flows_cred.json", "package.json"]);
    for (const name of files) assert.ok(!readFileSync(join(project, name), "utf8").includes(TOKEN), name);
  });
});
