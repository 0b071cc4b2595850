// The sam engine installed by the button of the config dialog, from the real registry, in a real Node-RED and browser.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startNodeRed, type Flow, type RunningNodeRed } from "../../tools/node-red";
import { readOutcome, resultOf, writeOutcomesTo, type Outcome } from "../../tools/outcome";
import { installPackageCopy } from "../support/package-copy";
import { chromiumOrSkip } from "../support/chromium";
import { removeFolder } from "../../tools/remove-folder";
import { Editor } from "../../tools/editor";

const EXAMPLE_FILE = join(__dirname, "..", "..", "examples", "Segment one image.json");
const MINUTE = 60_000;
const EMPTY: Flow = [
  { id: "tab", type: "tab", label: "Flow 1" },
  { id: "config", type: "segment-config", name: "embedded", service: "embedded" },
];
const EXAMPLE = JSON.parse(readFileSync(EXAMPLE_FILE, "utf8")) as Flow;
/** bcrypt hashes of "reader-password" and "writer-password". */
const USERS = [
  {
    username: "reader",
    password: "$2b$04$Jll9uaet3Uupdr21U3tPxeTFBJkTlLBDiwQp0KJmMJnRjCYDGhN0C",
    permissions: ["flows.read", "nodes.read", "segment-config.read"],
  },
  {
    username: "writer",
    password: "$2b$04$5kdnaaXOCtKELkg5oebCh.BWNfUwUMyxBciJ0dveXGZe6P3mhh/Ca",
    permissions: ["read", "segment-config.write"],
  },
];

describe("installing sam in the editor", function () {
  this.timeout(4 * MINUTE);
  let home: string;
  let nodeRed: RunningNodeRed | undefined;
  let editor: Editor | undefined;
  let chromium: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "segment-install-"));
    installPackageCopy(join(home, ".node-red"));
  });
  afterEach(async () => {
    await editor?.close();
    await nodeRed?.stop();
    editor = nodeRed = undefined;
    removeFolder(home);
  });

  /** Starts a Node-RED and opens its editor. */
  async function open(flow: Flow, settings: object = {}): Promise<Editor> {
    nodeRed = await startNodeRed(home, flow, AbortSignal.timeout(MINUTE), settings);
    editor = await Editor.open(chromium, nodeRed.url);
    await editor.page.waitForFunction(`RED.nodes.node("${flow.find(({ type }) => type === "segment-config")!.id}")`);
    return editor;
  }

  describe("with a browser", () => {
    before(function () {
      chromium = chromiumOrSkip(this);
    });

    it("shows the sizes, installs, and the next job gets sam without a restart", async () => {
      const outcomes = join(home, "outcome.json");
      const { page } = await open(writeOutcomesTo(outcomes, EXAMPLE));
      const outcome = async (): Promise<Outcome> => {
        rmSync(outcomes, { force: true });
        await nodeRed!.inject(EXAMPLE.find(({ type }) => type === "inject")!.id);
        return readOutcome(outcomes, AbortSignal.timeout(MINUTE));
      };
      assert.equal(resultOf(await outcome()).job.engine?.name, "graphcut");

      await editor!.openDialog("segment-config");

      const status = page.locator(".segment-config-sam-status");
      await status.filter({ hasText: /not installed.*\d+ MB.*\d+ MB on disk.*node-red-segment.sam/ }).waitFor();
      const packages = await page.locator(".segment-config-sam-packages li").allInnerTexts();
      assert.equal(packages.length, 2);
      for (const text of packages) assert.match(text, /\d+\.\d+\.\d+, .*\d+ MB.*License: .*Source: https:/s);
      await editor!.screenshot("install-sam-missing");

      await page.getByRole("button", { name: "Install" }).focus();
      await page.keyboard.press("Enter");
      await status.filter({ hasText: "Installing" }).waitFor();
      await page.locator(".segment-config-sam-line", { hasText: "npm" }).waitFor({ timeout: MINUTE });
      await editor!.screenshot("install-sam-running");
      await status.filter({ hasText: "is installed" }).waitFor({ timeout: 3 * MINUTE });
      await editor!.screenshot("install-sam-installed");
      assert.equal(await page.locator(".segment-config-sam-install").isVisible(), false);
      assert.equal(await page.locator(".segment-config-sam-error").innerText(), "");
      assert.deepEqual(editor!.errors, []);

      const { job, segments } = resultOf(await outcome());
      assert.equal(job.engine?.name, "sam");
      assert.ok(segments[0]!.score > 0.8);
    });

    it("does not install where the settings forbid it, and says why", async () => {
      const { page } = await open(EMPTY, { externalModules: { palette: { allowInstall: false } } });
      await editor!.openDialog("segment-config");
      await page.locator(".segment-config-sam-forbidden", { hasText: "externalModules" }).waitFor();
      assert.equal(await page.locator(".segment-config-sam-install").isDisabled(), true);
      await editor!.screenshot("install-sam-forbidden");
    });

    it("says why an installation failed, and offers it again", async () => {
      const unreachable = {
        npm_config_registry: "http://127.0.0.1:9/",
        npm_config_cache: join(home, "empty-cache"),
        npm_config_fetch_retries: "0",
      };
      const before = Object.keys(unreachable).map((name) => [name, process.env[name]] as const);
      Object.assign(process.env, unreachable);
      try {
        const { page } = await open(EMPTY);
        await editor!.openDialog("segment-config");
        await page.getByRole("button", { name: "Install" }).click();
        await page.locator(".segment-config-sam-error", { hasText: "registry can't be reached" }).waitFor();
        await page.getByRole("button", { name: "Install" }).waitFor();
        await editor!.screenshot("install-sam-failed");
      } finally {
        for (const [name, value] of before) {
          if (value === undefined) Reflect.deleteProperty(process.env, name);
          else process.env[name] = value;
        }
      }
    });

    it("checks again when another folder is typed, and says which one it can't check", async () => {
      const { page } = await open(EMPTY);
      await editor!.openDialog("segment-config");
      const folder = page.locator("#node-config-input-dataDir");
      await folder.fill("line 4");
      await folder.press("Tab");
      await page.locator(".segment-config-sam-status", { hasText: join("line 4", "sam") }).waitFor();
      await folder.fill("${SEGMENT_TEST_NONE}");
      await folder.press("Tab");
      await page.locator(".segment-config-sam-error", { hasText: "SEGMENT_TEST_NONE" }).waitFor();
      await editor!.screenshot("install-sam-no-variable");
      assert.equal(await page.locator(".segment-config-sam-install").isVisible(), false);
    });
  });

  it("needs the permissions of the config node, below any admin root", async () => {
    const settings = { httpAdminRoot: "/red", adminAuth: { type: "credentials", users: USERS } };
    nodeRed = await startNodeRed(home, EMPTY, AbortSignal.timeout(MINUTE), settings);
    const route = `${nodeRed.url}red/segment-config/sam`;
    const body = { client_id: "node-red-editor", grant_type: "password", scope: "" };
    const login = async (username: string): Promise<string> => {
      const response = await fetch(`${nodeRed!.url}red/auth/token`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...body, username, password: `${username}-password` }),
      });
      return ((await response.json()) as { access_token: string }).access_token;
    };
    const request = async (method: "GET" | "POST", token?: string): Promise<number> => {
      const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
      // A folder that can't be used: a user with the permission gets status 400, and nothing is installed.
      const dataDir = "${SEGMENT_TEST_NONE}";
      const query = method === "GET" ? `?dataDir=${encodeURIComponent(dataDir)}` : "";
      const init = { method, headers, ...(method === "POST" && { body: JSON.stringify({ dataDir }) }) };
      return (await fetch(route + query, init)).status;
    };

    const [reader, writer] = [await login("reader"), await login("writer")];
    assert.deepEqual([await request("GET"), await request("POST")], [401, 401]);
    assert.deepEqual([await request("GET", reader), await request("POST", reader)], [401, 401]);
    assert.deepEqual([await request("GET", writer), await request("POST", writer)], [400, 400]);
  });
});
