import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import axios from "axios";
import type { NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import sharp from "sharp";
import type { Job } from "../../src/api";
import type { Measures } from "../../src/result";
import { pngBomb } from "../support/pictures";
import { ScriptedService } from "../support/scripted-service";
import { node, nodeApp, pipeline, RunningFlow, since41, useScratchUserDir, type FlowNode, type Message } from "./flow";
import { DISC, DISC_BOX, scene, SCENE } from "./scene";

const EMBEDDED = { service: "embedded", engine: "graphcut" };
const BOX = { xMin: 0.25, yMin: 0.25, xMax: 0.75, yMax: 0.75 };
const PROMPT = { points: [{ x: 0.5, y: 0.5, label: 1 }], boundingBox: BOX };
const ALL = ["svg", "overlay", "overlay-png", "mask", "rle", "geojson"].map((format) => ({
  format,
  property: format === "overlay-png" ? "drawn.png" : format,
}));

/** A result of a file: a square with a square hole, 3/16 of the picture; or nothing. */
function result(jobId: number, fileId = 17, segments: object[] = [frame()]): object {
  return { jobId, status: "Completed", prompt: PROMPT, items: [{ fileId, segments }] };
}

function frame(score = 0.9): object {
  const { xMin, yMin, xMax, yMax } = BOX;
  return { score, polygons: [ring(xMin, yMin, xMax, yMax), ring(0.375, 0.375, 0.625, 0.625)] };
}

function ring(x1: number, y1: number, x2: number, y2: number): object {
  return { vertices: [{ x: x1, y: y1 }, { x: x2, y: y1 }, { x: x2, y: y2 }, { x: x1, y: y2 }] }; // prettier-ignore
}

/** A render node on a tab with Catch and Complete. */
function renderFlow(config: object, properties: object = {}): FlowNode[] {
  return [
    { id: "tab", type: "tab", label: "test" },
    { id: "config", type: "segment-config", name: "test", ...config },
    node("render", "segment-render", [["rendered"]], { config: "config", ...properties }),
    node("catch", "catch", [["caught"]], { scope: null }),
    node("complete", "complete", [["finished"]], { scope: ["render"] }),
    ...["rendered", "caught", "finished"].map((id) => node(id, "helper", [])),
  ];
}

async function pixel(picture: unknown, x: number, y: number): Promise<number[]> {
  const at = { left: Math.round(x * SCENE.width), top: Math.round(y * SCENE.height), width: 1, height: 1 };
  return [
    ...(await sharp(picture as Buffer)
      .extract(at)
      .raw()
      .toBuffer()),
  ];
}

describe("segment render", () => {
  const userDir = useScratchUserDir();
  let picture: Buffer;
  before(async () => {
    picture = await scene();
  });

  /** Sends a message that must end as one error to the Catch node. */
  async function failure(flow: RunningFlow, message: object, code: string, text: RegExp): Promise<void> {
    flow.send("render", message);
    const caught = await flow.next("caught");
    assert.equal(caught.error?.code, since41(code), caught.error?.message);
    assert.match(caught.error!.message, text);
    await new Promise(setImmediate);
    for (const end of ["rendered", "caught", "finished"]) assert.deepEqual(flow.unread(end), [], end);
  }

  /** Sends a message that must be rendered. */
  async function rendered(flow: RunningFlow, input: object): Promise<Message & { measures: Measures }> {
    flow.send("render", input);
    const message = await flow.next("rendered");
    await flow.next("finished");
    assert.deepEqual(flow.unread("caught"), []);
    return message as Message & { measures: Measures };
  }

  describe("on the embedded server", () => {
    it("draws and measures what segment wait sends, with no function node between", async () => {
      const flow = await RunningFlow.load([
        ...pipeline(EMBEDDED, {
          upload: { image: "payload.image", imageType: "msg" },
          wait: { wires: [["render"], ["notCompleted"]] },
        }),
        node("render", "segment-render", [["rendered"]], { config: "" }),
        node("rendered", "helper", []),
      ]);
      const box = { ...DISC_BOX, label: "disc <1>" };
      flow.send("upload", { payload: { image: picture, boxes: box }, topic: "camera/1" });

      const message = (await flow.next("rendered")) as Message & { measures: Measures; svg: string };
      const { total, segments } = message.measures;
      const discArea = Math.PI * DISC.radiusX * DISC.radiusY;
      assert.ok(Math.abs(total.area / discArea - 1) < 0.15, String(total.area));
      assert.ok(Math.abs(total.centroid!.x - DISC.x) < 0.02 && Math.abs(total.centroid!.y - DISC.y) < 0.02);
      assert.equal(segments[0]!.label, "disc <1>");
      assert.match(message.svg, /viewBox="0 0 320 240".*data-label="disc &lt;1&gt;"/);
      const { format, width, height } = await sharp(message.overlay as Buffer).metadata();
      assert.deepEqual([format, width, height], ["jpeg", SCENE.width, SCENE.height]);
      assert.equal((message.payload as Job).status, "Completed");
      assert.equal(message.topic, "camera/1");
      assert.deepEqual(message.image, picture);
    });

    it("gives every format, and leaves the buffers of the message as they were", async () => {
      const flow = await RunningFlow.load(
        renderFlow(EMBEDDED, { formats: ALL, mmPerPixel: "0.5", mmPerPixelType: "num" }),
      );
      const image = Buffer.from(picture);
      const message = await rendered(flow, { payload: result(5), image, segment: { imageSize: SCENE, jobId: 5 } });
      assert.deepEqual(image, picture);
      assert.equal(message.image, image);

      const { area, areaPixels, areaMm2, boundingBox, centroid, score, count } = message.measures.total;
      const cells = (SCENE.width * SCENE.height * 3) / 16;
      assert.deepEqual([area, areaPixels, areaMm2, score, count], [3 / 16, cells, cells / 4, 0.9, 1]);
      assert.deepEqual([boundingBox, centroid], [BOX, { x: 0.5, y: 0.5 }]);

      assert.match(message.svg as string, /^<svg /);
      assert.equal((await sharp(message.overlay as Buffer).metadata()).format, "jpeg");
      const { png } = message.drawn as { png: Buffer };
      assert.equal((await sharp(png).metadata()).format, "png");
      assert.deepEqual(await pixel(png, 0.05, 0.05), await pixel(picture, 0.05, 0.05));
      assert.notDeepEqual(await pixel(png, 0.3, 0.3), await pixel(picture, 0.3, 0.3));

      const mask = await sharp(message.mask as Buffer).toColourspace("b-w").raw().toBuffer(); // prettier-ignore
      assert.equal(mask.filter((value) => value === 255).length, cells);
      assert.equal(mask.filter((value) => value === 0).length, SCENE.width * SCENE.height - cells);
      assert.deepEqual((message.rle as { size: number[] }).size, [SCENE.height, SCENE.width]);
      const { features } = message.geojson as { features: { geometry: { coordinates: unknown[] } }[] };
      assert.equal(features[0]!.geometry.coordinates.length, 2, "an outline and a hole");
    });

    describe("with several candidates", () => {
      const SMALL = { score: 0.6, polygons: [ring(0.4, 0.4, 0.6, 0.6)] };
      const SMALL_BOX = { xMin: 0.4, yMin: 0.4, xMax: 0.6, yMax: 0.6 };
      const candidates = { payload: result(5, 17, [frame(), SMALL]), segment: { imageSize: SCENE } };
      const isNear = (area: number, expected: number): void =>
        assert.ok(Math.abs(area - expected) < 1e-9, String(area));

      it("draws and measures all of them as one when the flow says nothing, as it always did", async () => {
        const { measures, svg } = await rendered(
          await RunningFlow.load(renderFlow(EMBEDDED, { formats: ALL.slice(0, 1) })),
          candidates,
        );
        assert.equal(measures.total.count, 2);
        assert.equal((svg as string).match(/<g data-score/g)?.length, 2);
      });

      it("draws and measures the best, and lists all for a dashboard", async () => {
        const flow = await RunningFlow.load(
          renderFlow(EMBEDDED, { pick: "", pickType: "best", formats: [], forDashboard: true }),
        );
        const { measures, payload } = await rendered(flow, { ...candidates, image: picture });
        assert.equal(measures.total.count, 1);
        isNear(measures.total.area, 3 / 16);
        const { svg, candidates: listed } = payload as { svg: string; candidates: Record<string, unknown>[] };
        assert.equal(svg.match(/<g data-score/g)?.length, 1);
        assert.deepEqual(
          listed.map(({ score, shown }) => ({ score, shown })),
          [
            { score: 0.9, shown: true },
            { score: 0.6, shown: false },
          ],
        );
        assert.deepEqual(listed[0]!.boundingBox, BOX);
      });

      it("draws and measures the one whose box the message names, else the best", async () => {
        const flow = await RunningFlow.load(
          renderFlow(EMBEDDED, { pick: "prompt.chosen", pickType: "msg", formats: ALL.slice(-1) }),
        );
        const { measures, geojson } = await rendered(flow, { ...candidates, prompt: { chosen: SMALL_BOX } });
        isNear(measures.total.area, 0.04);
        assert.equal(measures.total.score, 0.6);
        assert.equal((geojson as { features: object[] }).features.length, 1);
        for (const prompt of [undefined, {}, { chosen: null }]) {
          isNear((await rendered(flow, { ...candidates, prompt })).measures.total.area, 3 / 16);
        }
        const wrong = { ...candidates, prompt: { chosen: 1 } };
        await failure(flow, wrong, "invalid-result", /msg\.prompt\.chosen must be the bounding box .*got 1/);
      });
    });

    it("gives SVG and overlay when a flow says nothing, and takes the size from the picture", async () => {
      const flow = await RunningFlow.load(renderFlow(EMBEDDED));
      const message = await rendered(flow, { payload: result(5), image: picture });
      assert.match(message.svg as string, /viewBox="0 0 320 240"/);
      assert.ok(Buffer.isBuffer(message.overlay));
      assert.equal(message.measures.total.areaMm2, undefined);
    });

    it("shows the picture, and measures 0, when nothing was found", async () => {
      const flow = await RunningFlow.load(renderFlow(EMBEDDED, { formats: ALL }));
      const message = await rendered(flow, { payload: result(5, 17, []), image: picture });
      const { area, areaPixels, count, score, centroid } = message.measures.total;
      assert.deepEqual([area, areaPixels, count, score, centroid], [0, 0, 0, 0, null]);
      assert.deepEqual(message.measures.segments, []);
      const { png } = message.drawn as { png: Buffer };
      assert.deepEqual(await pixel(png, 0.3, 0.3), await pixel(picture, 0.3, 0.3));
      const mask = await sharp(message.mask as Buffer).raw().toBuffer(); // prettier-ignore
      assert.ok(mask.every((value) => value === 0));
    });

    it("puts two boxes, by a core join, into one overlay", async () => {
      const flow = await RunningFlow.load([
        ...pipeline(EMBEDDED, {
          start: { boxes: "boxes", boxesType: "msg" },
          wait: { wires: [["join"], ["notCompleted"]] },
        }),
        node("join", "join", [["render"]], { mode: "auto" }),
        node("render", "segment-render", [["rendered"]], { formats: [{ format: "overlay-png", property: "overlay" }] }),
        node("rendered", "helper", []),
      ]);
      const boxes = [DISC_BOX, { xMin: 0.7, yMin: 0.1, xMax: 0.9, yMax: 0.3, points: [{ x: 0.8, y: 0.2 }] }];
      flow.send("upload", { payload: picture, boxes });
      const message = (await flow.next("rendered")) as Message & { measures: Measures };
      const results = message.payload as Job[];
      assert.equal(results.length, 2);
      const found = results.reduce((sum, { items }) => sum + items![0]!.segments!.length, 0);
      assert.equal(message.measures.total.count, found);
      // On the edge of each box is its dashed line.
      for (const { xMin, yMin, yMax } of boxes) {
        const changed = await Promise.all(
          [0.3, 0.4, 0.5, 0.6].map(async (part) => {
            const at = [xMin, yMin + part * (yMax - yMin)] as const;
            return String(await pixel(message.overlay, ...at)) !== String(await pixel(picture, ...at));
          }),
        );
        assert.ok(changed.some(Boolean));
      }
    });

    it("names two results by their boxes when a join makes an array of messages", async () => {
      const flow = await RunningFlow.load(
        renderFlow(EMBEDDED, { formats: [{ format: "geojson", property: "payload" }] }),
      );
      const messages = [5, 6].map((jobId) => ({
        payload: result(jobId),
        segment: { jobId, box: { label: `box ${jobId}` } },
      }));
      const message = await rendered(flow, { payload: messages, segment: { imageSize: SCENE } });
      const { features } = message.payload as { features: { properties: { label: string } }[] };
      assert.deepEqual(
        features.map(({ properties }) => properties.label),
        ["box 5", "box 6"],
      );
      const { total } = message.measures;
      assert.equal(total.count, 2);
      assert.ok(Math.abs(total.area - 3 / 16) < 0.001, "what both cover counts once");
    });

    it("fetches the picture from the service when the message has none", async () => {
      const flow = await RunningFlow.load([
        ...renderFlow(EMBEDDED),
        node("upload", "segment-upload", [["uploaded"]], { config: "config", keepImage: false }),
        node("uploaded", "helper", []),
      ]);
      flow.send("upload", { payload: picture });
      const { payload, segment } = await flow.next("uploaded");
      const [fileId] = (payload as { fileIds: number[] }).fileIds;
      const byResult = await rendered(flow, { payload: result(5, fileId) });
      const bySegment = await rendered(flow, { payload: { ...result(5), items: [] }, segment });
      for (const { overlay } of [byResult, bySegment]) {
        assert.equal((await sharp(overlay as Buffer).metadata()).width, SCENE.width);
      }
      await failure(flow, { payload: result(5, 4711) }, "file-not-found", /4711/);
    });

    it("sets the picture of a branch apart from that of another", async () => {
      const flow = await RunningFlow.load([
        ...renderFlow(EMBEDDED, { formats: ALL }),
        node("fork", "helper", [["render", "other"]]),
        node("other", "helper", []),
      ]);
      const shared = Buffer.from(picture);
      const message: NodeMessage & { image: Buffer } = { payload: result(5), image: shared };
      flow.emit("fork", message);
      await flow.next("rendered");
      assert.deepEqual((await flow.next("other")).image, picture);
      assert.deepEqual(shared, picture);
    });

    it("shows in its status that it works", async () => {
      const flow = await RunningFlow.load(renderFlow(EMBEDDED));
      const working = flow.status("render", (text) => text === "1 segment-render.status.rendering");
      const failed = flow.status("render", (text) => text === "invalid-result");
      await rendered(flow, { payload: result(5), image: picture });
      await working;
      flow.send("render", { payload: 5 });
      await failed;
    });
  });

  describe("errors", () => {
    const rows: [string, object, string, RegExp][] = [
      ["no result", { payload: "cup" }, "invalid-result", /msg\.payload must be a result.*got "cup"/],
      [
        "the answer of segment start",
        { payload: { jobId: 5, status: "Queued" } },
        "invalid-result",
        /job 5 .*"Queued"/,
      ],
      ["results of different files", { payload: [result(5), result(6, 18)] }, "invalid-result", /\{"fileId":17\} and \{"fileId":18\}/], // prettier-ignore
      ["no picture", { payload: result(5), image: "cup.jpg" }, "invalid-image", /msg\.image must be a picture/],
      [
        "neither picture nor file",
        { payload: { ...result(5), items: [] } },
        "invalid-image",
        /no picture in msg\.image/,
      ],
      ["a picture too large", { payload: result(5), image: pngBomb(30_000, 30_000) }, "invalid-image", /30000 x 30000 pixels, at most 50 megapixels/], // prettier-ignore
      ["a size too large", { payload: result(5), segment: { imageSize: { width: 1e6, height: 1e6 } } }, "invalid-image", /at most 50 megapixels/], // prettier-ignore
      ["a picture that is damaged", { payload: result(5), image: pngBomb(300, 300) }, "invalid-image", /damaged or not complete/], // prettier-ignore
      ["a size of a pixel that is none", { payload: result(5), scale: -1 }, "invalid-result", /msg\.scale must be millimetres per pixel.*got -1/], // prettier-ignore
      ["a property that can't be set", { payload: result(5), image: undefined, segment: { imageSize: SCENE }, rle: 5 }, "invalid-result", /msg\.rle\.x can't be set/], // prettier-ignore
    ];
    for (const [what, message, code, text] of rows) {
      it(what, async () => {
        const formats = "rle" in message ? [{ format: "rle", property: "rle.x" }] : undefined;
        const scale = { mmPerPixel: "scale", mmPerPixelType: "msg" };
        const flow = await RunningFlow.load(renderFlow(EMBEDDED, { formats, ...scale }));
        await failure(flow, message, code, text);
      });
    }

    it("no config node, another service, outputs that can't be used", async () => {
      const flow = await RunningFlow.load(renderFlow(EMBEDDED, { config: "" }));
      await failure(flow, { payload: result(5), image: picture }, "no-config", /choose a config node/);
      await flow.redeploy("full", { render: { config: "config" } });
      const segment = { service: "http://elsewhere.example" };
      await failure(flow, { payload: result(5), image: picture, segment }, "wrong-service", /elsewhere/);
      await flow.redeploy("full", { render: { formats: [{ format: "tiff", property: "x" }] } });
      await failure(flow, { payload: result(5), image: picture }, "no-config", /outputs.*\[0\]\.format/);
    });

    it("needs no service for what is worked out here", async () => {
      const flow = await RunningFlow.load(
        renderFlow(EMBEDDED, { config: "", formats: [{ format: "svg", property: "svg" }] }),
      );
      const message = await rendered(flow, { payload: result(5), segment: { imageSize: SCENE } });
      assert.match(message.svg as string, /^<svg/);
    });
  });

  describe("on a service that does not draw", () => {
    it("fetches the picture there and draws by an embedded server", async () => {
      const service = await ScriptedService.start();
      try {
        const config = { service: "cdf", cluster: "none", baseUrl: service.url, auth: "none" };
        const flow = await RunningFlow.load(renderFlow(config));
        const fileId = service.addFile();
        service.files.set(fileId, { bytes: picture, polls: 0 });
        const message = await rendered(flow, { payload: result(5, fileId) });
        assert.equal((await sharp(message.overlay as Buffer).metadata()).width, SCENE.width);
        assert.equal(service.count(/\/draw/), 0);
        assert.equal(service.count(/\/downloadlink/), 1);
      } finally {
        await service.close();
      }
    });
  });

  describe("for a dashboard", () => {
    let server: http.Server;
    let url: string;
    beforeEach(() => {
      helper.settings({ userDir, httpNodeRoot: "/plant", logging: { console: { level: "off", metrics: false, audit: false } } }); // prettier-ignore
    });
    afterEach(() => {
      server.close();
      helper.settings({ userDir, logging: { console: { level: "off", metrics: false, audit: false } } });
    });

    /** Loads a flow, and serves the HTTP nodes of its Node-RED below their root, as Node-RED's own server does. */
    async function load(properties: object = {}): Promise<RunningFlow> {
      const flow = await RunningFlow.load(renderFlow(EMBEDDED, { forDashboard: true, formats: [], ...properties }));
      server = http.createServer((request, response) => {
        if (request.url?.startsWith("/plant/") !== true) return void response.writeHead(404).end();
        request.url = request.url.slice("/plant".length);
        nodeApp(request, response);
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      return flow;
    }

    const get = (path: string) =>
      axios.get<Buffer>(`${url}${path}`, { responseType: "arraybuffer", validateStatus: () => true, proxy: false });

    it("makes a payload with a link to the picture below httpNodeRoot", async () => {
      const flow = await load();
      const message = await rendered(flow, { payload: result(5), image: picture });
      const payload = message.payload as {
        svg: string;
        imageUrl: string;
        imageSize: object;
        score: number;
        measures: object;
      };
      const keys = ["candidates", "imageSize", "imageUrl", "measures", "score", "svg"];
      assert.deepEqual(Object.keys(payload).toSorted(), keys);
      assert.match(payload.svg, /^<svg/);
      assert.deepEqual([payload.imageSize, payload.score, payload.measures], [SCENE, 0.9, message.measures]);
      assert.match(payload.imageUrl, /^\/plant\/segment-render\/pictures\//);

      const answer = await get(payload.imageUrl);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers["content-type"], "image/jpeg");
      assert.match(String(answer.headers["cache-control"]), /^private, max-age=\d+$/);
      assert.deepEqual(answer.data, picture);
    });

    it("responds with 404 to a link that it has not signed, or that has expired", async () => {
      const flow = await load();
      const { imageUrl } = (await rendered(flow, { payload: result(5), image: picture })).payload as {
        imageUrl: string;
      };
      const bad = [
        imageUrl.replace(/signature=./, "signature=x"),
        imageUrl.replace(/&signature=.*/, ""),
        imageUrl.replace(/expires=\d+/, "expires=9999999999999"),
        imageUrl.replace(/[0-9a-f]{64}/, "0".repeat(64)),
        imageUrl.replace(/\?.*/, ""),
        `${imageUrl}&signature=1`,
      ];
      for (const path of bad) assert.equal((await get(path)).status, 404, path);
      const { now } = Date;
      try {
        Date.now = () => now() + 10 * 60_000 + 1;
        assert.equal((await get(imageUrl)).status, 404, "ten minutes later");
      } finally {
        Date.now = now;
      }
      assert.equal((await get(imageUrl)).status, 200);
    });
  });
});
