import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import helper from "node-red-node-test-helper";
import { ScriptedService } from "../support/scripted-service";
import { logged, node, pipeline, RunningFlow, since41, useScratchUserDir, type Message } from "./flow";
import { scene } from "./scene";

const BOX = { xMin: 0.25, yMin: 0.25, xMax: 0.5, yMax: 0.75 };
const EVENT = {
  type: "new",
  before: { id: "1.5-abc", box: [0, 0, 1, 1] },
  after: { id: "1.5-abc", camera: "door", label: "person", box: [80, 60, 160, 180] },
};
const FRIGATE_BOX = { ...BOX, label: "person", id: "1.5-abc", camera: "door" };

describe("pictures of cameras", () => {
  const userDir = useScratchUserDir();
  const folder = join(userDir, "pictures");
  let picture: Buffer;
  let camera: http.Server;
  let base: string;
  let asked: string[];
  let service: ScriptedService;
  before(async () => {
    picture = await scene();
    mkdirSync(folder);
    writeFileSync(join(folder, "1.jpg"), picture);
    writeFileSync(join(userDir, "secret.jpg"), picture);
    symlinkSync(join(userDir, "secret.jpg"), join(folder, "link.jpg"));
    camera = http.createServer(respond).listen(0, "127.0.0.1");
    await once(camera, "listening");
    base = `http://127.0.0.1:${(camera.address() as AddressInfo).port}`;
  });
  after(() => {
    camera.closeAllConnections();
    camera.close();
  });
  beforeEach(async () => {
    asked = [];
    service = await ScriptedService.start();
    service.onStart = ({ jobId }) => service.finish(jobId);
    allow([folder], [`${base}/pictures`]);
  });
  afterEach(() => service.close());

  /** Sets the two lists of settings.js. */
  function allow(segmentAllowedFolders: unknown, segmentAllowedUrls: unknown): void {
    const logging = { console: { level: "off" as const, metrics: false, audit: false } };
    helper.settings(Object.assign({ userDir, logging }, { segmentAllowedFolders, segmentAllowedUrls }));
  }

  function respond(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? "", base);
    asked.push(`${pathname}${request.headers.authorization === undefined ? "" : " with login"}`);
    const to = searchParams.get("to");
    if (to !== null) response.writeHead(302, { location: to }).end();
    else if (pathname === "/pictures/slow.jpg") response.write("slow");
    else if (pathname === "/pictures/large.jpg") sendForever(response);
    else if (pathname === "/pictures/busy.jpg") response.writeHead(503).end();
    else if (pathname === "/pictures/page.html") response.end("<html>log in</html>");
    else if (pathname.endsWith("/1.jpg")) response.end(picture);
    else response.writeHead(404).end();
  }

  async function flow(upload: object = {}, config: object = {}): Promise<RunningFlow> {
    await helper.unload();
    return RunningFlow.load([
      ...pipeline(
        { service: "server", baseUrl: service.url, retries: "0", ...config },
        { upload: { wires: [["uploaded"]], ...upload } },
      ),
      node("uploaded", "helper", []),
    ]);
  }

  async function uploaded(running: RunningFlow, message: object): Promise<Message> {
    running.send("upload", message);
    const sent = await running.next("uploaded");
    assert.deepEqual(sent.image, picture);
    await running.next("finished");
    assert.deepEqual(running.unread("caught"), []);
    return sent;
  }

  /** Sends a message that must end as one error to the Catch node, and as nothing else. */
  async function failure(running: RunningFlow, message: object, code: string, text: RegExp): Promise<void> {
    const sent = service.requests.length;
    running.send("upload", message);
    const { error } = await running.next("caught");
    assert.equal(error?.code, since41(code), error?.message);
    assert.match(error!.message, text);
    await new Promise(setImmediate);
    for (const end of ["uploaded", "caught", "finished"]) assert.deepEqual(running.unread(end), [], end);
    assert.equal(service.requests.length, sent, "nothing reached the service");
  }

  it("base64, data URL, Buffer as JSON, and each in a JSON message as object, text and Buffer", async () => {
    const running = await flow();
    const base64 = picture.toString("base64");
    for (const form of [base64, `data:image/jpeg;base64,${base64}`, picture.toJSON()]) {
      const message = { picture: form, points: [[0.5, 0.5]] };
      for (const payload of [form, message, JSON.stringify(message), Buffer.from(JSON.stringify(message))]) {
        const { payload: sent, segment } = await uploaded(running, { payload });
        const { fileIds, imageSize, ...prompt } = sent as Record<string, unknown>;
        assert.deepEqual(imageSize, { width: 320, height: 240 });
        assert.deepEqual(segment?.file, { fileId: (fileIds as number[])[0] });
        assert.deepEqual(prompt, payload === form ? {} : { points: message.points });
      }
    }
    assert.ok([...service.files.values()].every(({ bytes }) => picture.equals(bytes!)));
  });

  it("an Axis snapshot: its crop box is the prompt, up to the job", async () => {
    const running = await flow({ wires: [["start"]] });
    const axis = {
      crop_box: { left: BOX.xMin, top: BOX.yMin, right: BOX.xMax, bottom: BOX.yMax },
      class: { type: "Human" },
      data: picture.toString("base64"),
      object_track_id: "ad57dd04",
    };
    running.send("upload", { payload: JSON.stringify(axis), topic: "axis/1" });
    const { segment, topic } = await running.next("completed");
    assert.deepEqual(segment?.prompt, { boundingBox: BOX });
    assert.deepEqual(segment.box, { ...BOX, label: "Human", object_track_id: "ad57dd04" });
    assert.equal(topic, "axis/1");
    // the picture's field may be named: the box is still the payload's; and a box of the user's own is kept
    const named = await flow({ image: "payload.data", imageType: "msg" });
    const { payload } = await uploaded(named, { payload: axis });
    assert.deepEqual((payload as { boundingBox: unknown }).boundingBox, segment.box);
    const own = await uploaded(named, { payload: { ...axis, boxes: [[0, 0, 1, 1]] } });
    assert.deepEqual(Object.keys(own.payload as object).sort(), ["boxes", "fileIds", "imageSize"]);
  });

  it("a Frigate event: its box is the prompt, its picture comes from the address beside it or in it", async () => {
    const url = `${base}/pictures/1.jpg`;
    const beside = await flow({ image: "snapshotUrl", imageType: "msg" });
    for (const payload of [EVENT, JSON.stringify(EVENT), Buffer.from(JSON.stringify(EVENT))]) {
      const sent = await uploaded(beside, { payload, snapshotUrl: url });
      assert.deepEqual((sent.payload as { boundingBox: unknown }).boundingBox, FRIGATE_BOX);
    }
    const within = await flow();
    const sent = await uploaded(within, { payload: { ...EVENT, url } });
    assert.deepEqual((sent.payload as { boundingBox: unknown }).boundingBox, FRIGATE_BOX);

    const wide = { ...EVENT, after: { ...EVENT.after, box: [0, 0, 640, 480] }, url };
    await failure(
      within,
      { payload: wide },
      "invalid-prompt",
      /msg\.payload\.after\.box\.xMax: .*0\.\.320 pixels.*Frigate/,
    );
    await failure(within, { payload: EVENT }, "invalid-image", /JSON message without a picture/);
  });

  it("files of an allowed folder, no others", async () => {
    const running = await flow();
    const kept = await uploaded(running, { payload: join(folder, "1.jpg") });
    assert.equal(kept.segment?.mimeType, "image/jpeg");
    await uploaded(running, { payload: { path: join(folder, "..", "pictures", "1.jpg") } });
    const secret = join(userDir, "secret.jpg");
    for (const path of [secret, join(folder, "link.jpg"), `${folder}/../secret.jpg`]) {
      await failure(
        running,
        { payload: { path } },
        "not-allowed",
        /msg\.payload\.path: .*segmentAllowedFolders in settings\.js/,
      );
    }
    await failure(running, { payload: join(folder, "2.jpg") }, "invalid-image", /there is no file .*2\.jpg/);
    allow(undefined, undefined);
    const none = await flow();
    await failure(none, { payload: join(folder, "1.jpg") }, "not-allowed", /segmentAllowedFolders/);
    await failure(none, { payload: `${base}/pictures/1.jpg` }, "not-allowed", /segmentAllowedUrls/);
    assert.deepEqual(asked, []);
  });

  it("a path does not stay in msg.image when the picture is not to be kept", async () => {
    const running = await flow({ image: "image", imageType: "msg", keepImage: false });
    running.send("upload", { image: join(folder, "1.jpg"), payload: {} });
    assert.equal("image" in (await running.next("uploaded")), false);
    running.send("upload", { image: new Uint8Array(picture), payload: {} });
    assert.deepEqual((await running.next("uploaded")).image, new Uint8Array(picture));
  });

  it("addresses of the list, with a login and by redirects that stay within", async () => {
    const running = await flow();
    await uploaded(running, { payload: `${base.replace("//", "//admin:secret@")}/pictures/1.jpg?x=1` });
    assert.deepEqual(asked, ["/pictures/1.jpg with login"]);
    const hops = (count: number): string =>
      count === 0 ? "1.jpg" : `/pictures/r?to=${encodeURIComponent(hops(count - 1))}`;
    await uploaded(running, { payload: { url: `${base}${hops(5)}` } });
    await failure(running, { payload: `${base}${hops(6)}` }, "invalid-image", /leads on more than 5 times/);
  });

  it("no redirect off the list: its target is not requested", async () => {
    const running = await flow();
    const away = ["/elsewhere/1.jpg", `${base}/pictures/../1.jpg`, "http://localhost:1/pictures/1.jpg", "file:///etc/passwd", "/pictures/%2e%2e%2f1.jpg"]; // prettier-ignore
    for (const to of away) {
      const payload = `${base}/pictures/r?to=${encodeURIComponent(to)}`;
      await failure(running, { payload }, "not-allowed", /segmentAllowedUrls in settings\.js/);
      await failure(
        running,
        { payload: `${base}/pictures/r?to=${encodeURIComponent(payload)}` },
        "not-allowed",
        /segmentAllowedUrls/,
      );
    }
    assert.ok(
      asked.every((path) => path === "/pictures/r"),
      asked.join(),
    );
  });

  it("addresses that give no picture", async () => {
    const running = await flow({}, { timeout: "0.5" });
    const at = (path: string): object => ({
      payload: `${base.replace("//", "//admin:secret@")}/pictures/${path}?token=secret`,
    });
    const text = (end: string): RegExp => new RegExp(`^(?!.*secret).*${end}`, "s");
    await failure(
      running,
      at("2.jpg"),
      "invalid-image",
      text("pictures/2\\.jpg gives no picture: it answered HTTP 404"),
    );
    await failure(running, at("busy.jpg"), "unreachable", text("answered HTTP 503"));
    await failure(
      running,
      at("slow.jpg"),
      "unreachable",
      text("slow\\.jpg can't be reached \\(no answer within 0\\.5 s\\)"),
    );
    await failure(running, at("page.html"), "invalid-image", text("msg\\.payload: the bytes are no JPEG or PNG"));
    allow([], ["http://127.0.0.1:1/"]);
    const down = await flow();
    const payload = "http://admin:secret@127.0.0.1:1/1.jpg";
    await failure(down, { payload }, "unreachable", text("http://127\\.0\\.0\\.1:1/1\\.jpg can't be reached"));
    await failure(
      down,
      { payload: "http://admin:secret@cam/1.jpg" },
      "not-allowed",
      text("the address http://cam/1\\.jpg"),
    );
    assert.ok(
      !logged("error")
        .concat(logged("warn"))
        .some((line) => line.includes("secret")),
    );
  });

  it("an address that sends more than 64 MB is abandoned", async () => {
    const running = await flow();
    await failure(running, { payload: `${base}/pictures/large.jpg` }, "invalid-image", /large\.jpg is too large/);
  });

  it("a slow address is abandoned when the node is redeployed", async () => {
    const running = await flow();
    running.send("upload", { payload: `${base}/pictures/slow.jpg` });
    while (asked.length === 0) await new Promise(setImmediate);
    await running.redeploy("full", { upload: { name: "new" } });
    assert.ok(logged("warn").some((line) => line.includes("segment-upload.warning.dropped")));
    await uploaded(running, { payload: picture });
  });

  it("in files and at addresses are read eight at a time by default, however many messages come", async () => {
    const running = await flow();
    for (let count = 0; count < 30; count++) running.send("upload", { payload: `${base}/pictures/slow.jpg` });
    while (asked.length < 8) await delay(20);
    await delay(300);
    assert.equal(asked.length, 8);
  });

  describe("that came before", () => {
    const skip = { skipRepeats: true };
    const skipped = (count: number) => (text: string) => text === `${count} segment-upload.status.skipped`;

    it("end without being sent, by topic, and are counted", async () => {
      const running = await flow(skip);
      const other = await scene(50);
      await uploaded(running, { payload: picture, topic: "a" });
      const counted = running.status("upload", skipped(2));
      running.send("upload", { payload: picture.toString("base64"), topic: "a" });
      await running.next("finished");
      running.send("upload", { payload: `${base}/pictures/1.jpg`, topic: "a" });
      await running.next("finished");
      await counted;
      assert.deepEqual(running.unread("uploaded"), []);
      await uploaded(running, { payload: picture, topic: "b" });
      running.send("upload", { payload: other, topic: "a" });
      assert.deepEqual((await running.next("uploaded")).image, other);
      await running.next("finished");
      await uploaded(running, { payload: picture, topic: "a" });
      assert.deepEqual(running.unread("caught"), []);
    });

    it("are known after a deploy, as a broker then sends them again; not when the option was off", async () => {
      const running = await flow(skip);
      await uploaded(running, { payload: picture, topic: "deployed" });
      await running.redeploy("full", { upload: { name: "new" } });
      running.send("upload", { payload: picture, topic: "deployed" });
      await running.next("finished");
      assert.deepEqual(running.unread("uploaded"), []);
      await running.redeploy("full", { upload: { skipRepeats: false } });
      await uploaded(running, { payload: picture, topic: "deployed" });
      await uploaded(running, { payload: picture, topic: "deployed" });
      await running.redeploy("full", { upload: skip });
      await uploaded(running, { payload: picture, topic: "deployed" });
    });

    it("are taken again when they could not be uploaded", async () => {
      const running = await flow(skip);
      service.token = "another";
      running.send("upload", { payload: picture, topic: "failed" });
      assert.equal((await running.next("caught")).error?.code, since41("unauthorized"));
      service.token = undefined;
      await uploaded(running, { payload: picture, topic: "failed" });
    });
  });
});

/** Sends until the other side closes the connection. */
function sendForever(response: http.ServerResponse): void {
  const chunk = Buffer.alloc(2 ** 20, 1);
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", more);
  more();
}
