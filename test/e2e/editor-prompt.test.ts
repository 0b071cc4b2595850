// Drawing a prompt in the dialog of segment start, in an editor that requires a login and is served below a path.
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { linkPackage, startNodeRed, type Flow, type RunningNodeRed } from "../../tools/node-red";
import { EXAMPLE_PICTURES } from "../../tools/picture-prompts";
import { chromiumOrSkip } from "../support/chromium";
import { removeFolder } from "../../tools/remove-folder";
import { Editor } from "../../tools/editor";
import { HANG_MS } from "../support/limits";

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
const PICTURE = join(__dirname, "../../pictures/coins.jpg");
const COIN = EXAMPLE_PICTURES.find(({ file }) => file === "coins.jpg")!;
const INJECT = { props: [], repeat: "", crontab: "", onceDelay: 0.1, topic: "" };
const DEBUG = { active: true, tosidebar: true, tostatus: true, complete: "payload", targetType: "msg" };
const FLOW: Flow = [
  { id: "tab", type: "tab", label: "Flow 1" },
  { id: "config", type: "segment-config", name: "this machine", service: "embedded", engine: "graphcut" },
  node("press", "inject", ["read"], { ...INJECT, once: true }),
  node("read", "file in", ["upload"], { filename: PICTURE, filenameType: "str", format: "" }),
  node("upload", "segment-upload", ["start", "pixels"], { config: "config", keepImage: true }),
  node("start", "segment-start", ["wait"], startOf({})),
  node("wait", "segment-wait", ["score"], {}),
  node("score", "debug", [], { ...DEBUG, statusVal: "payload.items[0].segments[0].score", statusType: "msg" }),
  node(
    "pixels",
    "segment-start",
    [],
    startOf({ points: "[[50, 40], [20, 10, 0]]", pointsType: "json", units: "pixel" }),
  ),
  node("unseen", "segment-start", [], startOf({})),
].map((item, index) => ("wires" in item ? { ...item, x: 200, y: 60 * index } : item));

function node(id: string, type: string, to: string[], properties: object): Flow[number] {
  return { id, type, z: "tab", wires: [to], ...properties };
}

function startOf(properties: object): object {
  const message = { points: "payload.points", pointsType: "msg", boxes: "payload.boxes", boxesType: "msg" };
  const file = { file: "payload.fileIds", fileType: "msg" };
  return { config: "config", ...file, ...message, units: "fraction", latestWins: false, ...properties };
}

describe("the prompt editor", () => {
  let home: string;
  let nodeRed: RunningNodeRed | undefined;
  let editor: Editor;
  let chromium: string;

  before(async function () {
    chromium = chromiumOrSkip(this);
    home = mkdtempSync(join(tmpdir(), "segment-editor-prompt-"));
    await linkPackage(home);
    nodeRed = await startNodeRed(home, FLOW, AbortSignal.timeout(HANG_MS), SETTINGS);
    editor = await openAs("admin");
  });
  after(async () => {
    if (nodeRed === undefined) return;
    await editor.close();
    await nodeRed.stop();
    removeFolder(home);
  });

  const openAs = (user: string, hasTouch = false): Promise<Editor> =>
    Editor.open(chromium, `${nodeRed!.url}red/`, { user, password: PASSWORD }, { hasTouch });
  const part = (name: string, { page }: Editor = editor) => page.locator(`.segment-start-${name}`);
  const status = (text: RegExp, on: Editor = editor) =>
    part("status", on).filter({ hasText: text }).waitFor({ timeout: HANG_MS });
  const marks = (label: number) => part("area").locator(`[data-label="${label}"]`);
  const property = (id: string, name: string): Promise<unknown> =>
    editor.page.evaluate(`RED.nodes.node("${id}").${name}`);

  async function open(id = "start", on: Editor = editor): Promise<void> {
    await on.openDialog("segment-start", id);
    if ((await part("open", on).getAttribute("aria-expanded")) === "false") await part("open", on).click();
  }

  /** Where a point of the picture is on the screen. */
  async function pixel({ x, y }: { x: number; y: number }): Promise<{ x: number; y: number }> {
    await part("area").scrollIntoViewIfNeeded();
    const box = (await part("area").locator("img").boundingBox())!;
    return { x: box.x + x * box.width, y: box.y + y * box.height };
  }

  async function click(place: { x: number; y: number }, button: "left" | "right" = "left"): Promise<void> {
    const { x, y } = await pixel(place);
    await editor.page.mouse.click(x, y, { button });
  }

  async function drag({ xMin, yMin, xMax, yMax }: typeof COIN.box): Promise<void> {
    const [from, to] = [await pixel({ x: xMin, y: yMin }), await pixel({ x: xMax, y: yMax })];
    await editor.page.mouse.move(from.x, from.y);
    await editor.page.mouse.down();
    await editor.page.mouse.move((from.x + to.x) / 2, to.y);
    await editor.page.mouse.move(to.x, to.y);
    await editor.page.mouse.up();
  }

  const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 0.01, `${a} is not near ${b}`);
  const places = z.array(z.strictObject({ x: z.number(), y: z.number(), label: z.number() }));
  const corners = z.strictObject({ xMin: z.number(), yMin: z.number(), xMax: z.number(), yMax: z.number() });

  it("says how to get a picture when none has passed", async () => {
    await open("unseen");
    await status(/No picture has passed this node yet.*Deploy.*Refresh/);
    assert.ok(!(await part("area").isVisible()));
    assert.ok(await part("try").isDisabled());
    await editor.cancel("segment-start");
  });

  it("shows the picture that passed, though its message had no prompt", async () => {
    await open();
    await status(/\d+ × \d+ pixels/);
    assert.ok((await part("area").locator("img").boundingBox())!.width > 200);
  });

  it("draws object points, background points and a box, and undoes steps", async () => {
    const [on, beside] = COIN.points;
    await click(on!);
    await status(/Object point at 87 %, 15 %/);
    await click(beside!, "right");
    await status(/Background point at 77 %, 20 %/);
    await drag(COIN.box);
    await status(/^Box from 79 %, [45] % to 9[56] %, 25 %/);
    assert.deepEqual([await marks(1).count(), await marks(0).count()], [1, 1]);

    await part("exclude").click();
    await click({ x: 0.3, y: 0.3 });
    assert.equal(await marks(0).count(), 2);
    await click({ x: 0.3, y: 0.3 });
    await status(/removed/);
    assert.equal(await marks(0).count(), 1);
    await part("clear").click();
    assert.equal(await part("area").locator("[data-label], rect").count(), 0);
    await part("undo").click();
    assert.equal(await part("area").locator("[data-label]").count(), 2);
    await part("include").click();
  });

  it("tries the prompt: outline, score and time", async () => {
    await part("try").click();
    await status(/^Score 0\.\d\d, \d+\.\d s \(graphcut\)$/);
    const outline = part("area").locator(".segment-start-outline");
    const [found, picture] = [await outline.first().boundingBox(), await part("area").boundingBox()];
    const right = (found!.x + found!.width - picture!.x) / picture!.width;
    assert.ok(right > 0.9 && right < 0.98, `the outline ends at ${right}`);
    await editor.screenshot("prompt-editor");
    await click({ x: 0.2, y: 0.8 });
    assert.equal(await outline.count(), 0, "it was the outline of another prompt");
    await part("undo").click();
  });

  it("makes it the node's own prompt, and shows it again when the dialog is opened", async () => {
    await part("use").click();
    await status(/Press Done and deploy/);
    await editor.confirm("segment-start");
    assert.deepEqual(
      [await property("start", "pointsType"), await property("start", "boxesType"), await property("start", "units")],
      ["json", "json", "fraction"],
    );
    const points = places.parse(JSON.parse(String(await property("start", "points"))));
    COIN.points.forEach(({ x, y, label }, index) => {
      near(points[index]!.x, x);
      near(points[index]!.y, y);
      assert.equal(points[index]!.label, label);
    });
    const box = corners.parse(JSON.parse(String(await property("start", "boxes"))));
    near(box.xMin, COIN.box.xMin);
    near(box.yMax, COIN.box.yMax);
    assert.equal(await property("start", "valid"), true);

    await editor.deploy();
    await editor.openDialog("segment-start", "start");
    await status(/\d+ × \d+ pixels/);
    assert.deepEqual([await marks(1).count(), await marks(0).count()], [1, 1]);
    assert.equal(await part("area").locator("rect").count(), 2, "one box, in two colours");
    await editor.cancel("segment-start");
  });

  it("runs jobs with it in the flow, once deployed", async () => {
    await editor.page.locator(".red-ui-flow-node-status-label", { hasText: /^0\.\d+$/ }).waitFor({ timeout: HANG_MS });
  });

  it("says why points and several boxes don't go together", async () => {
    await open();
    await status(/pixels/);
    await part("clear").click();
    await drag({ xMin: 0.1, yMin: 0.1, xMax: 0.3, yMax: 0.3 });
    await drag({ xMin: 0.5, yMin: 0.5, xMax: 0.7, yMax: 0.7 });
    assert.equal(await part("area").locator("rect").count(), 4);
    await click({ x: 0.2, y: 0.2 });
    await status(/cannot be used with several boxes/);
    await part("undo").click();
    await click({ x: 0.2, y: 0.2 });
    await drag({ xMin: 0.5, yMin: 0.5, xMax: 0.7, yMax: 0.7 });
    await status(/replaces the former box/);
    assert.equal(await part("area").locator("rect").count(), 2);
    await editor.confirm("segment-start");
    await editor.page.getByText("Your drawing was not applied").waitFor();
  });

  it("shows prompts of the fields that are in pixels where they belong", async () => {
    await editor.openDialog("segment-start", "pixels");
    await status(/(\d+) × (\d+) pixels/);
    const [width] = /(\d+) ×/
      .exec(await part("status").innerText())!
      .slice(1)
      .map(Number);
    const mark = (await marks(1).boundingBox())!;
    const picture = (await part("area").boundingBox())!;
    near((mark.x + mark.width / 2 - picture.x) / picture.width, 50 / width!);
    await part("use").click();
    assert.equal(await editor.page.locator("#node-input-units").inputValue(), "fraction");
    await editor.cancel("segment-start");
  });

  it("can be used by keyboard alone", async () => {
    await open();
    await status(/pixels/);
    const press = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await part("area").press(key);
    };
    await press("Delete", "ArrowRight", "Shift+ArrowUp", "Enter");
    await status(/Object point at 51 %, 45 %/);
    await press("ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft", "Shift+Enter");
    await status(/Background point at 46 %, 45 %/);
    await press("b");
    await status(/Box begun at 46 %, 45 %/);
    await press("Shift+ArrowRight", "Shift+ArrowDown", "b");
    await status(/^Box from 46 %, 45 % to 51 %, 50 %/);
    await press("b", "ArrowUp", "ArrowRight", "Escape");
    await status(/Box cancelled/);
    await press("Control+z", "Backspace");
    assert.equal(await part("area").locator("[data-label]").count(), 1);
    assert.ok(await part("area").isVisible(), "the dialog is still open");
    assert.match((await part("area").getAttribute("aria-label"))!, /draw/);
    await editor.cancel("segment-start");
  });

  it("has written no error to the browser's console", () => {
    // The browser also reports expected responses: before the login, and for the node without a picture.
    assert.deepEqual(
      editor.errors.filter((error) => !/\/red\/settings|unseen\/picture/.test(error)),
      [],
    );
  });

  it("is drawn on by touch", async () => {
    const touching = await openAs("admin", true);
    try {
      await open("start", touching);
      await status(/pixels/, touching);
      const box = (await part("area", touching).boundingBox())!;
      await touching.page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 4);
      await status(/Object point at (49|50|51) %, (24|25|26) %/, touching);
    } finally {
      await touching.close();
    }
  });

  it("shows the picture to a user with read access, but does not let them try a prompt", async () => {
    const reading = await openAs("reader");
    try {
      await open("start", reading);
      await status(/pixels/, reading);
      await part("try", reading).click();
      await status(/need the permission .*segment-start\.write/, reading);
    } finally {
      await reading.close();
    }
  });

  it("refuses requests without a login", async () => {
    const url = `${nodeRed!.url}red/segment-start/start/`;
    const body = JSON.stringify({ points: [{ x: 0.5, y: 0.5 }], boxes: [] });
    const headers = { "content-type": "application/json" };
    assert.equal((await fetch(`${url}picture`)).status, 401);
    assert.equal((await fetch(`${url}try`, { method: "POST", headers, body })).status, 401);
  });
});
