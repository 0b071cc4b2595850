import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import helper from "node-red-node-test-helper";
import { pipeline, RunningFlow, useScratchUserDir } from "./flow";
import { HoldingProxy } from "./holding-proxy";
import { DISC, scene } from "./scene";
import { startSegmentServer, type SegmentServer } from "./segment-server";

const START = /^POST \S+\/segment$/;
const CREATE_FILE = /^POST \S+\/files$/;
/** More than any limit tested here. */
const COUNT = 40;
const POINT = { points: JSON.stringify([DISC.x, DISC.y]), pointsType: "json" };

describe("the concurrency of a config node", () => {
  const userDir = useScratchUserDir();
  const folder = join(userDir, "pictures");
  let server: SegmentServer;
  let proxy: HoldingProxy;
  before(async () => {
    mkdirSync(folder);
    const picture = await scene();
    for (let index = 0; index < COUNT; index++) writeFileSync(join(folder, `${index}.jpg`), picture);
    server = await startSegmentServer(userDir);
    proxy = await HoldingProxy.start(server.url);
  });
  beforeEach(() => {
    const logging = { console: { level: "off" as const, metrics: false, audit: false } };
    helper.settings(Object.assign({ userDir, logging }, { segmentAllowedFolders: [folder] }));
  });
  afterEach(() => proxy.release());
  after(async () => {
    await proxy.stop();
    await server.stop();
  });

  function load(config: object, start: object = POINT): Promise<RunningFlow> {
    const service = { service: "server", baseUrl: proxy.url, auth: "token", ...config };
    return RunningFlow.load(pipeline(service, { start }), { config: { token: server.token } });
  }

  /** Lets a picture with a prompt pass the flow, and returns its file. */
  async function uploaded(flow: RunningFlow): Promise<number> {
    flow.send("upload", { payload: { image: await scene(), points: [[DISC.x, DISC.y]] } });
    const { file } = (await flow.next("completed")).segment as { file: { fileId: number } };
    await flow.nextOf("finished", 3);
    return file.fileId;
  }

  /** Asserts how many requests are in flight, now that there is work for many more. */
  async function inFlight(pattern: RegExp, count: number): Promise<void> {
    while (proxy.held < count) await sleep(10);
    await sleep(600); // longer than a message may keep the next one waiting
    assert.equal(proxy.held, count, String(pattern));
  }

  for (const [config, count] of [
    [{ concurrency: "32" }, 32],
    [{}, 8],
  ] as const) {
    describe(`of ${count}, set by ${JSON.stringify(config)}`, () => {
      it("is how many jobs segment start starts at once for many messages", async () => {
        const flow = await load(config);
        const fileId = await uploaded(flow);
        proxy.hold(START);
        for (let index = 0; index < COUNT; index++) flow.send("start", { payload: { fileIds: [fileId] } });
        await inFlight(START, count);
      });

      it("is how many jobs segment start starts at once for one message with many boxes", async () => {
        const flow = await load(config, {});
        const boxes = Array.from({ length: COUNT }, (_, index) => ({ xMin: 0.2, yMin: 0.2, xMax: 0.6, yMax: 0.5 + index / 200 })); // prettier-ignore
        const fileId = await uploaded(flow);
        proxy.hold(START);
        flow.send("start", { payload: { fileIds: [fileId], boxes } });
        await inFlight(START, count);
      });

      it("is how many pictures of a folder segment upload reads and sends at once", async () => {
        const flow = await load(config);
        proxy.hold(CREATE_FILE);
        for (let index = 0; index < COUNT; index++) flow.send("upload", { payload: join(folder, `${index}.jpg`) });
        await inFlight(CREATE_FILE, count);
      });
    });
  }
});
