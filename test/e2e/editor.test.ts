import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { linkPackage, startNodeRed, type RunningNodeRed } from "../../tools/node-red";
import { Editor } from "../../tools/editor";
import { chromiumOrSkip } from "../support/chromium";
import { removeFolder } from "../../tools/remove-folder";
import { HANG_MS } from "../support/limits";

const EXAMPLE = readFileSync(join(__dirname, "..", "..", "examples", "Segment one image.json"), "utf8");

/** What each choice in the config dialog shows. */
const CONFIG_FIELDS = [
  { service: "embedded", auth: "none", shown: ["engine", "dataDir", "keepHours", "keepMegabytes"] },
  { service: "server", auth: "none", shown: ["baseUrl", "project", "apiVersion", "auth", "usetls", "proxy"] },
  { service: "server", auth: "token", shown: ["baseUrl", "project", "apiVersion", "auth", "usetls", "proxy", "token"] },
  {
    service: "cdf",
    auth: "oauth",
    shown: [
      ...["cluster", "baseUrl", "project", "apiVersion", "auth", "usetls", "proxy", "provider"],
      ...["tokenUrl", "clientId", "clientSecret", "scopes", "audience", "clientAuth"],
    ],
  },
];
const ALL_CONFIG_FIELDS = [...new Set(CONFIG_FIELDS.flatMap(({ shown }) => shown))];

const DIALOGS = [
  { type: "segment-upload", fields: ["name", "config", "image", "keepImage", "skipRepeats"] },
  { type: "segment-start", fields: ["name", "config", "file", "points", "boxes", "units", "candidates", "latestWins"] },
  { type: "segment-wait", fields: ["name", "config", "job", "timeout", "resume", "inOrder", "states", "deleteFile"] },
  { type: "segment-render", fields: ["name", "config", "result", "pick", "image", "mmPerPixel", "forDashboard"] },
  { type: "segment-alarm", fields: ["name", "measure", "high", "low", "hysteresis", "hold", "latch", "staleAfter"] },
];
const RENDER = { result: "payload", resultType: "msg", image: "image", imageType: "msg", mmPerPixelType: "num" };
const ALARM = { measure: "measures.total.area", measureType: "msg", high: "0.4" };
/** Nodes as they were before segments could be picked, beside those of the example. */
const FLOW = [
  { id: "tab", type: "tab", label: "Flow 1" },
  { id: "render", type: "segment-render", z: "tab", x: 200, y: 100, config: "", ...RENDER, wires: [[]] },
  { id: "alarm", type: "segment-alarm", z: "tab", x: 200, y: 200, ...ALARM, wires: [[], []] },
];

describe("the editor in a real Node-RED", () => {
  let home: string;
  let nodeRed: RunningNodeRed | undefined;
  let editor: Editor;

  before(async function () {
    const chromium = chromiumOrSkip(this);
    home = mkdtempSync(join(tmpdir(), "segment-editor-"));
    await linkPackage(home);
    nodeRed = await startNodeRed(home, FLOW, AbortSignal.timeout(HANG_MS));
    editor = await Editor.open(chromium, nodeRed.url);
  });
  after(async () => {
    if (nodeRed === undefined) return;
    await editor.close();
    await nodeRed.stop();
    removeFolder(home);
  });

  it("has the nodes in its palette", async () => {
    for (const { type } of DIALOGS) {
      await editor.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`).waitFor();
    }
  });

  it("imports the example, deploys it and shows the score of its result", async () => {
    await editor.importFlow(EXAMPLE);
    await editor.showTabOf("inject");
    await editor.deploy();
    await nodeRed!.inject(await editor.nodeId("inject"));
    const status = editor.page.locator(`.red-ui-flow-node-status-label`, { hasText: /^(1|0\.9\d*)$/ });
    await status.first().waitFor({ timeout: HANG_MS });
    await editor.screenshot("flow");
  });

  for (const { type, fields } of DIALOGS) {
    it(`opens the dialog of ${type}, with a label for each field, and saves it`, async () => {
      await editor.showTabOf(type);
      await editor.openDialog(type);
      await editor.screenshot(type);
      for (const field of fields) {
        const label = editor.page.locator(`label[for="node-input-${field}"]`);
        assert.ok(await label.isVisible(), field);
        assert.notEqual((await label.innerText()).trim(), "", field);
        assert.doesNotMatch(await label.innerText(), /segment-\w+\./, field);
      }
      await editor.page.locator("#node-input-name").fill(`my ${type}`);
      await editor.confirm(type);
      assert.equal(await property(editor, type, "name"), `my ${type}`);
      assert.equal(await property(editor, type, "valid"), true);
    });
  }

  it("takes all segments of an older segment render, the best by choice, or one that the message names", async () => {
    const saved = async (): Promise<string[]> => [
      String(await property(editor, "segment-render", "pickType")),
      String(await property(editor, "segment-render", "pick")),
      String(await property(editor, "segment-render", "valid")),
    ];
    await editor.showTabOf("segment-render");
    assert.deepEqual(await saved(), ["all", "", "true"]);
    for (const [type, value] of [
      ["best", ""],
      ["msg", "prompt.chosen"],
      ["all", ""],
    ] as const) {
      await editor.openDialog("segment-render");
      await editor.page.evaluate(`$("#node-input-pick").typedInput("type", "${type}")`);
      if (type === "msg") await editor.page.evaluate(`$("#node-input-pick").typedInput("value", "${value}")`);
      if (type === "best") await editor.page.getByRole("button", { name: "Best segment of each result" }).waitFor();
      await editor.confirm("segment-render");
      assert.deepEqual(await saved(), [type, value, "true"]);
    }
  });

  it("adds a third output to segment wait and removes it again; the wires of the others stay", async () => {
    const wires = async (): Promise<number> =>
      editor.page.evaluate<number>(
        `RED.nodes.getNodeLinks("${await editor.nodeId("segment-wait")}").filter(({ sourcePort }) => sourcePort < 2).length`,
      );
    const before = await wires();
    assert.ok(before > 0);
    await editor.showTabOf("segment-wait");
    for (const outputs of [3, 2]) {
      await editor.openDialog("segment-wait");
      await editor.page.locator('label[for="node-input-states"]').click();
      await editor.confirm("segment-wait");
      if (outputs === 3) await editor.screenshot("segment-wait-states");
      assert.equal(await property(editor, "segment-wait", "outputs"), outputs);
      assert.equal(await property(editor, "segment-wait", "states"), outputs === 3);
      assert.equal(await wires(), before);
    }
    assert.equal(await property(editor, "segment-wait", "resume"), true, "an older flow keeps its waits, too");
  });

  for (const { service, auth, shown } of CONFIG_FIELDS) {
    it(`shows in the config dialog what ${service} with login "${auth}" needs`, async () => {
      await editor.openDialog("segment-config");
      await editor.page.locator("#node-config-input-service").selectOption(service);
      if (shown.includes("auth")) await editor.page.locator("#node-config-input-auth").selectOption(auth);
      await editor.screenshot(`segment-config-${service}-${auth}`);
      for (const field of ALL_CONFIG_FIELDS) {
        const visible = await editor.page.locator(`#node-config-input-${field}`).isVisible();
        assert.equal(visible, shown.includes(field), field);
      }
      await editor.cancel("segment-config");
    });
  }

  it("saves a config with a token, which the editor never gets back", async () => {
    await editor.openDialog("segment-config");
    await editor.page.locator("#node-config-input-service").selectOption("server");
    await editor.page.locator("#node-config-input-baseUrl").fill("http://127.0.0.1:9");
    await editor.page.locator("#node-config-input-auth").selectOption("token");
    await editor.page.locator("#node-config-input-token").fill("a-very-secret-token");
    await editor.confirm("segment-config");
    await editor.deploy();

    const text = await (await fetch(`${nodeRed!.url}flows`)).text();
    assert.ok(!text.includes("a-very-secret-token"));
    const flows = z.array(z.looseObject({ type: z.string() })).parse(JSON.parse(text));
    const config = flows.find(({ type }) => type === "segment-config");
    assert.equal(config?.service, "server");
    assert.equal(config.baseUrl, "http://127.0.0.1:9");
    for (const { type } of DIALOGS) assert.equal(flows.find((node) => node.type === type)?.name, `my ${type}`);
  });

  it("has written no error to the browser's console", () => {
    assert.deepEqual(editor.errors, []);
  });
});

async function property(editor: Editor, type: string, name: string): Promise<unknown> {
  return editor.page.evaluate(`RED.nodes.node("${await editor.nodeId(type)}").${name}`);
}
