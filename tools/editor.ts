import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

const SCREENSHOTS = join(__dirname, "..", "demo-output", "screenshots");
/** For a browser in a container. */
export const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** How long a page may take to change: far more than a slow machine needs. */
const PAGE_MS = 180_000;
/** Dialogs slide in and out. */
const SLIDE_MS = 700;

/** Node-RED's editor in a headless browser, by selectors that fit Node-RED 4.1 and 5.0. */
export class Editor {
  /** Errors of pages and scripts of this Node-RED in the browser's console. */
  readonly errors: string[] = [];

  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    url: string,
  ) {
    page.on("console", (message) => {
      const source = message.location().url;
      // The palette manager requests a catalogue on the internet, which may be out of reach.
      if (message.type() === "error" && source.startsWith(url)) this.errors.push(`${message.text()} (${source})`);
    });
    page.on("pageerror", (error) => this.errors.push(String(error)));
  }

  /**
   * Opens the editor in a browser of its own.
   * @param login user and password, where Node-RED asks for them
   * @param options of the page: its size and the like
   */
  static async open(
    executablePath: string,
    url: string,
    login?: { user: string; password: string },
    options: BrowserContextOptions = {},
  ): Promise<Editor> {
    const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS });
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 }, ...options });
    page.setDefaultTimeout(PAGE_MS);
    const editor = new Editor(browser, page, url);
    await editor.page.goto(url);
    if (login !== undefined) {
      await page.locator("#node-dialog-login-username").fill(login.user);
      await page.locator("#node-dialog-login-password").fill(login.password);
      await page.locator("#node-dialog-login-submit").click();
    }
    // Before the editor's scripts run, its progress is as hidden as at the end.
    await page.waitForFunction(`globalThis.RED?.nodes?.getType?.("segment-config") && RED.workspaces.count() > 0`);
    await editor.page.locator("#red-ui-loading-progress").waitFor({ state: "hidden" });
    return editor;
  }

  async close(): Promise<void> {
    await this.browser.close();
  }

  /** Imports a flow with a tab of its own as text by the import dialog. */
  async importFlow(text: string): Promise<void> {
    await this.page.locator("#red-ui-workspace-chart").click();
    await this.page.keyboard.press("Control+i");
    await this.page.waitForTimeout(SLIDE_MS);
    const field = this.page.locator("#red-ui-clipboard-dialog-import-text");
    await field.fill(text);
    await field.press("End"); // the dialog checks its text after a key
    await this.page.locator("#red-ui-clipboard-dialog-ok").click();
    await this.page.waitForTimeout(SLIDE_MS);
  }

  /** Goes to the tab of the first node of a type. */
  async showTabOf(type: string): Promise<void> {
    await this.page.evaluate(`RED.workspaces.show(RED.nodes.node("${await this.nodeId(type)}").z)`);
  }

  /** Deploys, and waits until the runtime has taken the flow. */
  async deploy(): Promise<void> {
    const taken = this.page.waitForResponse(
      (response) => response.url().endsWith("/flows") && response.request().method() === "POST",
    );
    await this.page.locator("#red-ui-header-button-deploy").click();
    await taken;
    await this.page.locator("#red-ui-header-button-deploy.disabled").waitFor();
  }

  /** Id of the first node of a type in the editor. */
  async nodeId(type: string): Promise<string> {
    return this.page.evaluate<string>(`(() => {
      let id;
      RED.nodes.eachNode((node) => { if (node.type === "${type}") id ??= node.id; });
      RED.nodes.eachConfig((node) => { if (node.type === "${type}") id ??= node.id; });
      return id;
    })()`);
  }

  /** Opens the dialog of the first node of a type, or of a certain one. */
  async openDialog(type: string, nodeId?: string): Promise<void> {
    const id = nodeId ?? (await this.nodeId(type));
    if (type === "segment-config") await this.page.evaluate(`RED.editor.editConfig("", "${type}", "${id}")`);
    else await this.page.locator(`[id="${id}"]`).dblclick();
    await this.page.waitForTimeout(SLIDE_MS);
  }

  /** Presses the dialog's button Done or Update. */
  async confirm(type: string): Promise<void> {
    await this.page.locator(type === "segment-config" ? "#node-config-dialog-ok" : "#node-dialog-ok").click();
    await this.page.waitForTimeout(SLIDE_MS);
  }

  /** Closes the dialog without a change. */
  async cancel(type: string): Promise<void> {
    await this.page.locator(type === "segment-config" ? "#node-config-dialog-cancel" : "#node-dialog-cancel").click();
    await this.page.waitForTimeout(SLIDE_MS);
  }

  async screenshot(name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  }
}
