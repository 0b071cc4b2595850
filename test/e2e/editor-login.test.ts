// The config dialog in an editor that requires a login and is served below a path, with a service that is not ours.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { linkPackage, startNodeRed, type Flow, type RunningNodeRed } from "../../tools/node-red";
import { chromiumOrSkip } from "../support/chromium";
import { removeFolder } from "../../tools/remove-folder";
import { json, ScriptedService } from "../support/scripted-service";
import { Editor } from "../../tools/editor";
import { HANG_MS } from "../support/limits";

const SECRET = "a-very-secret-secret";
const PASSWORD = "password";
/** The bcrypt hash of that password. */
const HASH = "$2b$08$o5HS3.ESRxqGWN.1x.behOgLrKPnF.jionEZWRit8rHwqUJ7rG1Uq";
const SETTINGS = {
  httpAdminRoot: "/red",
  adminAuth: {
    type: "credentials",
    users: [
      { username: "admin", password: HASH, permissions: "*" },
      { username: "reader", password: HASH, permissions: "read" },
    ],
  },
};
const FIRST_VERSION = JSON.parse(readFileSync(join(__dirname, "../fixtures/flow-first-version.json"), "utf8")) as Flow;

describe("the config dialog behind a login", () => {
  let home: string;
  let cdf: ScriptedService;
  let nodeRed: RunningNodeRed | undefined;
  let editor: Editor;
  let chromium: string;

  before(async function () {
    chromium = chromiumOrSkip(this);
    home = mkdtempSync(join(tmpdir(), "segment-editor-login-"));
    await linkPackage(home);
    cdf = await ScriptedService.start();
    const own: Flow = [
      { id: "mine", type: "segment-config", name: "mine", service: "embedded", engine: "graphcut", retries: "many" },
      {
        ...{ id: "fusion", type: "segment-config", name: "fusion", service: "cdf", project: "plant-1", auth: "oauth" },
        ...{ baseUrl: cdf.url, tokenUrl: `${cdf.url}/oauth2/token`, clientId: "client", tls: "own-tls" },
      },
      { id: "own-tls", type: "tls-config", name: "own", cert: "", key: "", ca: "", verifyservercert: true },
    ];
    // The editor asks before it deploys a config node that no node uses.
    const users = [...FIRST_VERSION, ...own]
      .filter(({ type }) => type === "segment-config")
      .map(({ id }, x) => ({ id: `by-${id}`, type: "segment-upload", z: "tab", x, y: 0, config: id, wires: [[]] }));
    nodeRed = await startNodeRed(home, [...FIRST_VERSION, ...own, ...users], AbortSignal.timeout(HANG_MS), SETTINGS);
    editor = await openAs("admin");
  });
  after(async () => {
    if (nodeRed === undefined) return;
    await editor.close();
    await nodeRed.stop();
    await cdf.close();
    removeFolder(home);
  });

  const openAs = (user: string): Promise<Editor> =>
    Editor.open(chromium, `${nodeRed!.url}red/`, { user, password: PASSWORD });
  const open = (id: string): Promise<void> => editor.openDialog("segment-config", id);
  const field = (name: string) => editor.page.locator(`#node-config-input-${name}`);
  const advanced = () => editor.page.locator(".segment-config-advanced");
  const property = (id: string, name: string): Promise<unknown> =>
    editor.page.evaluate(`RED.nodes.node("${id}").${name}`);

  /** Presses the button by keyboard, and returns the lines that appear. */
  async function test({ page }: Editor = editor): Promise<string[]> {
    await page.locator(".segment-config-test").press("Enter");
    const lines = page.locator(".segment-config-test-result > div");
    await lines.first().waitFor({ timeout: HANG_MS });
    return lines.allInnerTexts();
  }

  function letCdfAnswer(): void {
    cdf.fail(/oauth2\/token/, json(200, { access_token: "got-token" }));
    cdf.fail(/token\/inspect/, json(200, { projects: [{ projectUrlName: "plant-1" }] }));
    cdf.fail(/vision\/segment$/, json(400, { error: { code: 400, message: "items: required" } }));
  }

  it("accepts every node of the first version unchanged", async () => {
    for (const { id, type } of FIRST_VERSION) {
      if (type === "segment-config") assert.equal(await property(id, "valid"), true, id);
    }
    assert.equal(await property("mine", "valid"), false);
  });

  it("opens the Advanced section when one of its values is wrong, and by keyboard", async () => {
    await open("mine");
    assert.equal(await advanced().getAttribute("aria-expanded"), "true");
    assert.ok(await field("retries").isVisible());
    await field("retries").fill("3");
    await editor.confirm("segment-config");
    assert.equal(await property("mine", "valid"), true);

    await open("embedded");
    assert.equal(await advanced().getAttribute("aria-expanded"), "false");
    assert.ok(!(await field("retries").isVisible()));
    await advanced().press("Enter");
    assert.equal(await advanced().getAttribute("aria-expanded"), "true");
    assert.ok(await field("retries").isVisible());
    assert.ok(!(await field("maxJobs").isVisible()), "only for Cognite Data Fusion");
    await editor.cancel("segment-config");
  });

  it("tests the embedded server", async () => {
    await open("embedded");
    await field("engine").selectOption("graphcut");
    const lines = await test();
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^✔ Server \d\S*, engine graphcut, \d+ MB/);
    await field("dataDir").fill("elsewhere");
    assert.equal(
      await editor.page.locator(".segment-config-test-result").innerText(),
      "",
      "the result was for other fields",
    );
    await editor.cancel("segment-config");
  });

  it("fills in the fields that fit an identity provider, and keeps typed values", async () => {
    const values = async () => {
      const names = ["tokenUrl", "scopes", "audience", "clientAuth"];
      return Promise.all(names.map((name) => field(name).inputValue()));
    };
    const choose = async (provider: string) => {
      await field("provider").selectOption(provider);
      return values();
    };
    await open("embedded");
    await field("service").selectOption("cdf");
    assert.equal(await field("auth").inputValue(), "oauth");
    await field("cluster").fill("westeurope-1");
    await field("cluster").press("Tab");
    const audience = "https://westeurope-1.cognitedata.com";
    const entra = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token";
    assert.deepEqual(await values(), ["", "", "", "post"]);
    assert.deepEqual(await choose("entra"), [entra, `${audience}/.default`, "", "post"]);
    assert.deepEqual(await choose("cdf"), ["https://auth.cognite.com/oauth2/token", "", "", "basic"]);
    assert.deepEqual(await choose("other"), ["", "", audience, "post"]);
    await field("tokenUrl").fill("https://login.example/token");
    await field("cluster").fill("az-eastus-1");
    await field("cluster").press("Tab");
    const typed = ["https://login.example/token", "", "https://az-eastus-1.cognitedata.com", "post"];
    assert.deepEqual(await values(), typed);
    assert.equal((await choose("entra"))[0], "https://login.example/token");
    await editor.cancel("segment-config");

    await open("cdf");
    assert.equal(await field("provider").inputValue(), "entra");
    await editor.cancel("segment-config");
    await open("gateway");
    assert.equal(await field("auth").inputValue(), "none", "a node without a login stays without one");
    await editor.cancel("segment-config");
  });

  it("tests another service with a secret that is typed", async () => {
    await open("fusion");
    letCdfAnswer();
    await field("clientSecret").fill(SECRET);
    const lines = await test();
    assert.deepEqual(
      lines.map((line) => line.slice(0, 10)),
      ["✔ Token: o", "✔ Project:", "✔ Ready: j"],
    );
    await editor.confirm("segment-config");
  });

  it("exports no secret, not even one that is not deployed yet", async () => {
    await editor.page.locator("#red-ui-workspace-chart").click();
    await editor.page.keyboard.press("Control+e");
    await editor.page.locator("#red-ui-clipboard-dialog-export-rng-full").click();
    const text = await editor.page.locator("#red-ui-clipboard-dialog-export-text").inputValue();
    assert.match(text, /"name": ?"fusion"/);
    assert.ok(!text.includes(SECRET));
    await editor.page.locator("#red-ui-clipboard-dialog-cancel").click();
  });

  it("tests it with the stored secret, but sends that to no other address", async () => {
    await editor.deploy();
    await open("fusion");
    letCdfAnswer();
    assert.deepEqual(
      (await test()).map((line) => line[0]),
      ["✔", "✔", "✔"],
    );
    const before = cdf.requests.length;
    await field("baseUrl").fill(cdf.url.replace("127.0.0.1", "localhost"));
    const [line] = await test();
    assert.match(line!, /^✖ The stored client secret .* type it again/);
    assert.equal(cdf.requests.length, before);
    await editor.cancel("segment-config");
  });

  it("stores the TLS settings while they are used, and the proxy", async () => {
    await open("fusion");
    assert.ok(await field("usetls").isChecked());
    assert.equal(await field("tls").inputValue(), "own-tls");
    await field("usetls").uncheck();
    assert.ok(!(await field("tls").isVisible()));
    await editor.confirm("segment-config");
    assert.deepEqual([await property("fusion", "tls"), await property("fusion", "proxy")], ["", ""]);
    assert.equal(await property("fusion", "provider"), undefined);
  });

  it("has written no error to the browser's console", () => {
    // The browser also reports expected responses: before the login, and to the refused test.
    assert.deepEqual(
      editor.errors.filter((error) => !/\/red\/settings|segment-config\/test/.test(error)),
      [],
    );
  });

  it("says which permission a user with read access lacks for the test", async () => {
    const reading = await openAs("reader");
    try {
      await reading.openDialog("segment-config", "embedded");
      const lines = await test(reading);
      assert.deepEqual(lines, ["✖ You need the permission segment-config.write to test the connection."]);
    } finally {
      await reading.close();
    }
  });

  it("refuses the request itself from a user with read access, and without a login", async () => {
    const url = `${nodeRed!.url}red/`;
    const form = { client_id: "node-red-admin", grant_type: "password", scope: "read", username: "reader" };
    const login = await fetch(`${url}auth/token`, {
      method: "POST",
      body: new URLSearchParams({ ...form, password: PASSWORD }),
    });
    const { access_token: token } = z.object({ access_token: z.string() }).parse(await login.json());
    for (const headers of [{ authorization: `Bearer ${token}` }, undefined]) {
      const answer = await fetch(`${url}segment-config/test`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ id: "x", fields: {} }),
      });
      assert.equal(answer.status, 401);
    }
  });
});
