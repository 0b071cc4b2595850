// Pictures by MQTT to an operator's browser: a real broker, a real Node-RED with the dashboard, a real Chromium.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from "playwright-core";
import { startBroker, type Broker } from "../../tools/broker";
import { CAMERA_TOPIC, cameraFlow, DASHBOARD, OPERATOR_PAGE, WITH_DASHBOARD } from "../../tools/dashboard";
import { numbered, ON_THE_PART, takePictures } from "../../tools/moving-parts";
import { linkPackage, startNodeRed, type Flow, type RunningNodeRed } from "../../tools/node-red";
import { chromiumOrSkip } from "../support/chromium";
import { removeFolder } from "../../tools/remove-folder";
import { CHROMIUM_ARGS } from "../../tools/editor";
import { HANG_MS } from "../support/limits";

/** In seconds: long enough for all clicks on one picture, however slow the machine. */
const NEVER_STALE = "3600";
const STALE_SECONDS = 5;
/** For tests that are not about the outline: it loads and runs faster than sam. */
const GRAPHCUT = { "segment-config": { engine: "graphcut" } };
/** The password `secret`, as `node-red admin hash-pw` makes it. */
const HASH = "$2b$08$mccbQIUf/0Zd99WX7oh8t.EX4ltc5L1cd.51Bfq9GOyo2UvkDOc8a";
const OUTLINES = "g[data-score]";

/** What a camera may send for one picture. */
const FORMS: { form: string; message: (jpeg: Buffer) => Buffer | string }[] = [
  { form: "a JPEG as it is", message: (jpeg) => jpeg },
  { form: "base64", message: (jpeg) => jpeg.toString("base64") },
  { form: "a data URL", message: (jpeg) => `data:image/jpeg;base64,${jpeg.toString("base64")}` },
  {
    form: "JSON with a picture in it",
    message: (jpeg) => JSON.stringify({ time: 1, image: jpeg.toString("base64") }),
  },
  {
    form: "an Axis object snapshot",
    message: (jpeg) =>
      JSON.stringify({
        data: jpeg.toString("base64"),
        crop_box: { left: 0.1, top: 0.1, right: 0.5, bottom: 0.5 },
        object_track_id: "7",
      }),
  },
];

/** An operator's browser. */
class Operator {
  readonly errors: string[] = [];
  /** Requests to anywhere but this Node-RED. */
  readonly foreign: string[] = [];

  private constructor(readonly page: Page) {}

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Operator> {
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(HANG_MS);
    const operator = new Operator(page);
    page.on("pageerror", (error) => operator.errors.push(String(error)));
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith("http") && origin !== new URL(url).origin) operator.foreign.push(request.url());
    });
    await page.goto(url);
    await page.locator(".seg").waitFor();
    return operator;
  }

  /** Waits until a picture of the camera is shown. */
  async sees(picture: Buffer): Promise<void> {
    const sha256 = createHash("sha256").update(picture).digest("hex");
    await this.page.locator(`.seg-picture img[src*="${sha256}"]`).waitFor();
    const loaded = await this.page.evaluate<boolean>(`document.querySelector(".seg-picture img").naturalWidth > 0`);
    assert.ok(loaded, "the picture is there, not only its link");
  }

  /** Waits until that many outlines are shown, and gives the first one's path. */
  async outline(count = 1): Promise<string> {
    await this.page.waitForFunction(`document.querySelectorAll("${OUTLINES}").length === ${count}`);
    return count === 0 ? "" : ((await this.page.locator(`${OUTLINES} path`).first().getAttribute("d")) ?? "");
  }

  /** Waits for another outline than one before. */
  async otherOutline(before: string): Promise<string> {
    const path = `document.querySelector("${OUTLINES} path")?.getAttribute("d")`;
    await this.page.waitForFunction(`${path} !== undefined && ${path} !== ${JSON.stringify(before)}`);
    return this.outline();
  }

  /** Where a point of the picture, in fractions, is on the screen. */
  async onScreen({ x, y }: { x: number; y: number }): Promise<{ x: number; y: number }> {
    const box = await this.page.locator(".seg-picture").boundingBox();
    assert.ok(box);
    return { x: box.x + box.width * x, y: box.y + box.height * y };
  }

  async click(place: { x: number; y: number }, button: "left" | "right" = "left"): Promise<void> {
    const { x, y } = await this.onScreen(place);
    await this.page.mouse.click(x, y, { button });
  }

  async drag(from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
    const [start, end] = [await this.onScreen(from), await this.onScreen(to)];
    await this.page.mouse.move(start.x, start.y);
    await this.page.mouse.down();
    await this.page.mouse.move(end.x, end.y, { steps: 5 });
    await this.page.mouse.up();
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  lamp(text: string): Promise<void> {
    return this.page.locator(".seg-lamp", { hasText: text }).waitFor();
  }

  /** The distance between picture and overlay on the screen, in pixels. */
  async misfit(): Promise<number> {
    return this.page.evaluate<number>(`(() => {
      const [image, overlay] = ["img", ".seg-overlay svg"].map((part) =>
        document.querySelector(".seg-picture " + part).getBoundingClientRect());
      return Math.max(...["left", "top", "width", "height"].map((side) => Math.abs(image[side] - overlay[side])));
    })()`);
  }
}

describe("from a camera by MQTT to the operator's dashboard", function () {
  this.timeout(3 * HANG_MS); // a test has many steps
  let pictures: Buffer[];
  let broker: Broker;
  let browser: Browser | undefined;
  let home: string;
  let nodeRed: RunningNodeRed | undefined;
  let sent = 0;

  before(async function () {
    const executablePath = chromiumOrSkip(this);
    browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS });
    pictures = await takePictures(2);
  });
  after(() => browser?.close());

  async function setUp(): Promise<void> {
    broker = await startBroker();
    home = mkdtempSync(join(tmpdir(), "segment-dashboard-"));
    await linkPackage(home, DASHBOARD);
  }

  async function tearDown(): Promise<void> {
    await Promise.all((browser?.contexts() ?? []).map((context) => context.close()));
    await nodeRed?.stop();
    nodeRed = undefined;
    await broker.stop();
    removeFolder(home);
  }

  async function start(flow: Flow, settings: object = {}): Promise<RunningNodeRed> {
    const all = { ...WITH_DASHBOARD, ...settings };
    nodeRed = await startNodeRed(home, flow, AbortSignal.timeout(HANG_MS), all);
    return nodeRed;
  }

  /** Sends a picture that was not sent before. */
  async function send(which = 0, message: (jpeg: Buffer) => Buffer | string = (jpeg) => jpeg): Promise<Buffer> {
    const picture = numbered(pictures[which]!, ++sent);
    await broker.subscribed(CAMERA_TOPIC);
    await broker.publish(CAMERA_TOPIC, message(picture));
    return picture;
  }

  /** Sends pictures, as a camera does, until the lamp has a text. */
  async function sendUntil(operator: Operator, text: string): Promise<void> {
    const lamp = operator.lamp(text).then(() => true);
    while (!(await Promise.race([lamp, sleep(1000, false)]))) await send();
  }

  describe("each time with a new Node-RED", () => {
    beforeEach(setUp);
    afterEach(tearDown);

    it("shows the picture, the outline of what is clicked on, and the same in each browser", async () => {
      const { url } = await start(await cameraFlow(broker.port));
      const operator = await Operator.open(browser!, url + OPERATOR_PAGE);
      await operator.sees(await send());
      await operator.page.getByText("Click on the object").waitFor();
      await operator.outline(0);

      await operator.click(ON_THE_PART);
      const first = await operator.outline();
      await operator.lamp("OK");
      assert.ok((await operator.misfit()) < 1);

      // The next picture gets its outline without another click.
      await operator.sees(await send(1));
      const moved = await operator.otherOutline(first);

      const phone = await Operator.open(browser!, url + OPERATOR_PAGE, {
        viewport: { width: 390, height: 844 },
        hasTouch: true,
      });
      assert.equal(await phone.outline(), moved);
      assert.ok((await phone.misfit()) < 1);
      const width = await phone.page.evaluate<number>("document.documentElement.scrollWidth");
      assert.ok(width <= 390, `the page is ${width} pixels wide`);

      // What is done in one browser is seen in the other.
      await phone.button("Clear").tap();
      await operator.outline(0);
      await phone.page.locator(".seg-picture").scrollIntoViewIfNeeded();
      const nut = await phone.onScreen({ x: 0.29, y: 0.73 });
      await phone.page.touchscreen.tap(nut.x, nut.y);
      const other = await operator.otherOutline(moved);
      await operator.click({ x: 0.7, y: 0.9 }, "right");
      await phone.page.locator(".seg-overlay circle").nth(1).waitFor();
      await operator.button("Undo").click();
      await phone.page.waitForFunction(`document.querySelectorAll(".seg-overlay circle").length === 1`);
      await operator.button("Clear").click();
      await phone.outline(0);
      await operator.drag({ x: 0.3, y: 0.25 }, { x: 0.65, y: 0.75 });
      await phone.otherOutline(other);

      assert.deepEqual([...operator.errors, ...phone.errors], []);
      assert.deepEqual([...operator.foreign, ...phone.foreign], []);
    });

    it("keeps an alarm until it has been acknowledged", async () => {
      const limits = { high: "0.01", staleAfter: NEVER_STALE };
      const { url } = await start(await cameraFlow(broker.port, { ...GRAPHCUT, "segment-alarm": limits }));
      const operator = await Operator.open(browser!, url + OPERATOR_PAGE);
      await operator.sees(await send());
      await operator.click(ON_THE_PART);
      await operator.lamp("Alarm");

      // Nothing is cut out: back within the limits, but nobody has acknowledged.
      await operator.button("Clear").click();
      await operator.outline(0);
      await operator.lamp("Alarm");
      await operator.button("Acknowledge").click();
      await operator.lamp("No object selected");
      assert.equal(await operator.button("Acknowledge").count(), 0);
    });

    it("shows that the camera is silent, until it sends again", async () => {
      const limits = { high: "0.01", staleAfter: String(STALE_SECONDS) };
      const flow = await cameraFlow(broker.port, { ...GRAPHCUT, "segment-alarm": limits });
      const newEnough = flow.find(({ name }) => name === "new enough?")!;
      newEnough.property = String(newEnough.property).replace("30000", String(STALE_SECONDS * 1000));
      const { url } = await start(flow);
      const operator = await Operator.open(browser!, url + OPERATOR_PAGE);
      await operator.sees(await send());
      await operator.click(ON_THE_PART);
      await sendUntil(operator, "Alarm");

      await operator.lamp("Unknown");
      // The picture is old: what is cut out of it says nothing about the present.
      await operator.button("Clear").click();
      await operator.outline(0);
      await operator.click(ON_THE_PART);
      await operator.outline();
      await operator.lamp("Unknown");
      await sendUntil(operator, "Alarm");
    });

    it("shows the best of several outlines, or the one that is chosen, the same in each browser", async () => {
      const { url } = await start(await cameraFlow(broker.port, { "segment-alarm": { high: "0.05", latch: false } }));
      const operator = await Operator.open(browser!, url + OPERATOR_PAGE);
      await operator.sees(await send());
      await operator.click(ON_THE_PART);
      const best = await operator.outline();
      const buttons = ({ page }: Operator): Locator =>
        page.getByRole("group", { name: "Which outline is shown" }).getByRole("button");
      const pressed = async (each: Operator): Promise<string[]> =>
        (await buttons(each).all()).reduce<Promise<string[]>>(
          async (all, button) => [...(await all), (await button.getAttribute("aria-pressed")) ?? ""],
          Promise.resolve([]),
        );
      const bestArea = await operator.page.locator("[data-field=area]").innerText();
      assert.deepEqual((await pressed(operator)).slice(0, 2), ["true", "false"]);
      const scores = (await buttons(operator).allInnerTexts()).map((text) => Number(text.split(": ")[1]));
      assert.deepEqual(
        scores,
        scores.toSorted((a, b) => b - a),
      );

      await buttons(operator).nth(1).click();
      const chosen = await operator.otherOutline(best);
      const area = await operator.page.locator("[data-field=area]").innerText();
      assert.notEqual(area, bestArea);
      const other = await Operator.open(browser!, url + OPERATOR_PAGE);
      assert.equal(await other.outline(), chosen);
      assert.deepEqual((await pressed(other)).slice(0, 2), ["false", "true"]);

      // The choice holds for the next picture, and ends with another prompt.
      await operator.sees(await send());
      assert.equal(await operator.outline(), chosen);
      await other.click(ON_THE_PART);
      assert.equal(await operator.otherOutline(chosen), best);
    });

    it("works below a root of its own, behind a password, and gives the picture to nobody without it", async () => {
      const settings = { httpNodeRoot: "/plant", httpNodeAuth: { user: "operator", pass: HASH } };
      const { url } = await start(await cameraFlow(broker.port, GRAPHCUT), settings);
      const page = `${url}plant/${OPERATOR_PAGE}`;
      assert.equal((await fetch(page)).status, 401);
      const login = { httpCredentials: { username: "operator", password: "secret" } };
      const operator = await Operator.open(browser!, page, login);
      await operator.sees(await send());
      await operator.click(ON_THE_PART);
      await operator.outline();
      const link = await operator.page.locator(".seg-picture img").getAttribute("src");
      assert.match(link ?? "", /^\/plant\/segment-render\/pictures\//);
      assert.equal((await fetch(new URL(link!, url))).status, 401);
    });
  });

  describe("from a Node-RED that runs on", () => {
    let operator: Operator;
    before(async () => {
      await setUp();
      const { url } = await start(await cameraFlow(broker.port));
      operator = await Operator.open(browser!, url + OPERATOR_PAGE);
    });
    after(tearDown);

    for (const { form, message } of FORMS) {
      it(`takes ${form}`, async () => {
        await operator.sees(await send(0, message));
        assert.deepEqual(operator.errors, []);
      });
    }

    it("shows the operator what is wrong with a picture, and goes on with the next", async () => {
      await operator.sees(await send());
      await broker.publish(CAMERA_TOPIC, "no picture");
      await operator.page
        .getByRole("alert")
        .filter({ hasText: /^msg\.payload: .*no JPEG or PNG/ })
        .waitFor();
      await operator.lamp("Unknown");
      await operator.sees(await send());
      await operator.page.getByRole("alert").waitFor({ state: "detached" });
    });
  });
});
