/**
 * Pictures of the operator's dashboard, as the example "MQTT camera to dashboard" shows it: in a wide window and on a
 * phone, each in a light and in a dark theme.
 *
 *   npm run build && npx tsx scripts/dashboard-screenshots.ts [FOLDER]
 *
 * FOLDER is demo-output/screenshots unless it is given. Needs a Chromium: npx tsx scripts/ensure-chromium.ts
 */
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium, type Page } from "playwright-core";
import { startBroker } from "../tools/broker";
import { CAMERA_TOPIC, cameraFlow, DASHBOARD, OPERATOR_PAGE, WITH_DASHBOARD } from "../tools/dashboard";
import { numbered, ON_THE_PART, takePictures } from "../tools/moving-parts";
import { linkPackage, startNodeRed } from "../tools/node-red";
import { CHROMIUM_ARGS } from "../tools/editor";
import { removeFolder } from "../tools/remove-folder";
import { chromiumPath } from "../tools/chromium";

const SIZES = [
  { name: "wide", viewport: { width: 1100, height: 600 }, deviceScaleFactor: 1 },
  { name: "phone", viewport: { width: 390, height: 800 }, deviceScaleFactor: 1.5 },
];
const THEMES: { suffix: string; changes: Record<string, object> }[] = [
  { suffix: "", changes: {} },
  {
    suffix: "-dark",
    changes: {
      "ui-theme": {
        colors: {
          surface: "#202020",
          primary: "#4da3ff",
          bgPage: "#121212",
          groupBg: "#202020",
          groupOutline: "#444444",
        },
      },
    },
  },
];
/** Buttons fade. */
const FADE_MS = 500;
/** The part in the middle is too large: an alarm is shown, too. */
const CHANGES = { "segment-alarm": { high: "0.03" }, "segment-config": { engine: "graphcut" } };

async function boxOf(page: Page): Promise<{ width: number; height: number }> {
  const box = await page.locator(".seg-picture").boundingBox();
  if (box === null) throw new Error("There is no picture on the page.");
  return box;
}

function placeOn({ width, height }: { width: number; height: number }): { x: number; y: number } {
  return { x: ON_THE_PART.x * width, y: ON_THE_PART.y * height };
}

async function shoot(folder: string, executablePath: string): Promise<void> {
  const [picture] = await takePictures(1);
  if (picture === undefined) throw new Error("The camera took no picture.");
  let sent = 0;
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS });
  for (const { suffix, changes } of THEMES) {
    const home = mkdtempSync(join(tmpdir(), "segment-screenshots-"));
    await linkPackage(home, DASHBOARD);
    const broker = await startBroker();
    const flow = await cameraFlow(broker.port, { ...CHANGES, ...changes });
    const nodeRed = await startNodeRed(home, flow, AbortSignal.timeout(60_000), WITH_DASHBOARD);
    try {
      await broker.subscribed(CAMERA_TOPIC);
      for (const { name, viewport, deviceScaleFactor } of SIZES) {
        const page = await browser.newPage({ viewport, deviceScaleFactor });
        await page.goto(`${nodeRed.url}${OPERATOR_PAGE}`);
        await page.locator(".seg").waitFor();
        await broker.publish(CAMERA_TOPIC, numbered(picture, ++sent));
        await page.locator(".seg-picture").waitFor();
        // The prompt is shared: the first page's click is the second's, too.
        if (name === "wide") await page.locator(".seg-picture").click({ position: placeOn(await boxOf(page)) });
        await page.locator("g[data-score]").waitFor();
        await page.locator(".seg-alarm").waitFor();
        await page.waitForTimeout(FADE_MS);
        await page.screenshot({ path: join(folder, `dashboard-${name}${suffix}.png`) });
        await page.close();
      }
    } finally {
      await nodeRed.stop();
      await broker.stop();
      removeFolder(home);
    }
  }
  await browser.close();
}

async function main(): Promise<void> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error("There is no Chromium: npx tsx scripts/ensure-chromium.ts");
  const folder = resolve(process.argv[2] ?? join("demo-output", "screenshots"));
  mkdirSync(folder, { recursive: true });
  await shoot(folder, executablePath);
}

void main();
