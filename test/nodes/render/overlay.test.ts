import assert from "node:assert/strict";
import axios from "axios";
import sharp from "sharp";
import { drawMask } from "../../../src/engine";
import { node, pipeline, RunningFlow, since41, useScratchUserDir, type FlowNode, type Message } from "../flow";
import { HoldingProxy, POLLS } from "../holding-proxy";
import { startSegmentServer, type SegmentServer } from "../segment-server";

const SIZE = { width: 1280, height: 720 };
const OVERLAY = [{ format: "overlay-png", property: "overlay" }];
/** An outline with as many vertices as those of photographs have: a wavy ring around a point. */
const RING = {
  prompt: { points: [{ x: 0.5, y: 0.5, label: 1 }] },
  segments: [{ score: 0.9, polygons: [{ vertices: Array.from({ length: 200 }, (_, index) => ringVertex(index)) }] }],
};

function ringVertex(index: number): { x: number; y: number } {
  const angle = (index / 200) * 2 * Math.PI;
  const radius = 0.3 + 0.02 * Math.sin(7.3 * index);
  const digits = (fraction: number): number => Number(fraction.toFixed(6));
  return { x: digits(0.5 + radius * Math.cos(angle)), y: digits(0.5 + radius * Math.sin(angle)) };
}

/** A bright plate on a ground of that colour: its outline has few corners. */
async function plate(ground: string): Promise<Buffer> {
  const { width, height } = SIZE;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" ` +
    `fill="${ground}"/><rect x="480" y="270" width="320" height="180" fill="#f0c020"/></svg>`;
  return sharp(Buffer.from(svg)).jpeg({ quality: 95 }).toBuffer();
}

describe("overlay of a picture that the service has", () => {
  const userDir = useScratchUserDir();
  let server: SegmentServer;
  let proxy: HoldingProxy;
  let picture: Buffer;
  let credentials: object;
  before(async () => {
    server = await startSegmentServer(userDir);
    proxy = await HoldingProxy.start(server.url);
    picture = await plate("#203040");
    credentials = { config: { token: server.token } };
  });
  afterEach(() => proxy.release());
  after(async () => {
    await proxy.stop();
    await server.stop();
  });

  const config = (): object => ({ service: "server", baseUrl: proxy.url, auth: "token" });
  const render = (wires: string[][]): FlowNode =>
    node("render", "segment-render", wires, { config: "config", formats: OVERLAY });

  interface Uploaded {
    flow: RunningFlow;
    /** A result of the file, and what upload wrote about it. */
    message: { payload: object; segment: Record<string, unknown> };
    fileId: number;
  }

  /** Uploads the picture. The proxy counts from then on. */
  async function uploaded(): Promise<Uploaded> {
    const flow = await RunningFlow.load(
      [
        { id: "tab", type: "tab", label: "test" },
        { id: "config", type: "segment-config", name: "test", ...config() },
        node("upload", "segment-upload", [["uploaded"]], { config: "config" }),
        render([["rendered"]]),
        node("mask", "segment-render", [["rendered"]], {
          config: "config",
          formats: [{ format: "mask", property: "mask" }],
        }),
        node("catch", "catch", [["caught"]], { scope: null }),
        ...["uploaded", "rendered", "caught"].map((id) => node(id, "helper", [])),
      ],
      credentials,
    );
    flow.send("upload", { payload: picture });
    const { payload, segment } = await flow.next("uploaded");
    const [fileId] = (payload as { fileIds: number[] }).fileIds;
    const { prompt, segments } = RING;
    const result = { jobId: 5, status: "Completed", prompt, items: [{ fileId, segments }] };
    proxy.clear();
    return { flow, message: { payload: result, segment: segment! }, fileId: fileId! };
  }

  async function overlayOf(flow: RunningFlow, message: object): Promise<Buffer> {
    flow.send("render", structuredClone(message));
    const { overlay } = await flow.next("rendered");
    assert.deepEqual(flow.unread("caught"), []);
    return Buffer.from(overlay as Buffer);
  }

  /** The overlay of a picture that no upload knows: it is drawn from its bytes. */
  function overlayOfBytes({ flow, message }: Uploaded, image: Buffer): Promise<Buffer> {
    return overlayOf(flow, { payload: message.payload, image });
  }

  function assertOnlyDrawn(): void {
    const { bytes, requests } = proxy.sent;
    assert.ok(bytes < 2000, `${bytes} bytes`);
    assert.deepEqual(requests, ["POST /draw"]);
  }

  for (const [having, image] of [
    ["with", true],
    ["without", false],
  ] as const) {
    it(`sends under 2 kB and downloads nothing, ${having} the picture in the message`, async () => {
      const { flow, message, fileId } = await uploaded();
      const overlay = await overlayOf(flow, { ...message, ...(image ? { image: picture } : {}) });
      assertOnlyDrawn();
      assert.deepEqual(overlay, await overlayOfBytes({ flow, message, fileId }, picture));
      assert.ok(proxy.sent.bytes > picture.length, "the comparison sends the picture");
    });
  }

  it("sends under 2 kB and downloads nothing after a restart while the job was waited for", async () => {
    const flow = await RunningFlow.load(
      [
        ...pipeline(config(), {
          start: { points: "[[0.5,0.5]]", pointsType: "json" },
          wait: { wires: [["render"], []] },
        }),
        render([["rendered"]]),
        node("rendered", "helper", []),
      ],
      credentials,
    );
    proxy.clear();
    proxy.hold(POLLS);
    const waiting = flow.status("wait", (text) => text.startsWith("1 "));
    flow.send("upload", { payload: picture });
    await waiting;
    await flow.restart(credentials);
    proxy.release();
    const { overlay, segment, image } = (await flow.next("rendered")) as Message & { overlay: Buffer };
    assert.deepEqual([segment!.resumed, image], [true, undefined]);
    assert.equal((await sharp(overlay).metadata()).width, SIZE.width);
    assert.equal(proxy.requests.filter((line) => line.includes("downloadlink")).length, 0);
    assert.ok(proxy.bytesOf("POST /draw") < 2000, `${proxy.bytesOf("POST /draw")} bytes`);
  });

  it("is drawn over the message's picture when that is another one", async () => {
    const { flow, message, fileId } = await uploaded();
    const other = await plate("#402030");
    const overlay = await overlayOf(flow, { ...message, image: other });
    assert.ok(proxy.sent.bytes > other.length);
    assert.deepEqual(overlay, await overlayOfBytes({ flow, message, fileId }, other));
    assert.notDeepEqual(overlay, await overlayOf(flow, message));
  });

  it("is drawn over the message's picture when the file has been removed", async () => {
    const { flow, message, fileId } = await uploaded();
    const before = await overlayOf(flow, message);
    await axios.post(
      `${server.url}/api/v1/projects/default/files/delete`,
      { items: [{ id: fileId }] },
      { headers: { authorization: `Bearer ${server.token}` }, proxy: false },
    );
    assert.deepEqual(await overlayOf(flow, { ...message, image: picture }), before);
    flow.send("render", message);
    assert.equal((await flow.next("caught")).error?.code, since41("file-not-found"));
  });

  it("is drawn over the message's picture while the file's content is being replaced", async () => {
    const { flow, message } = await uploaded();
    const before = await overlayOf(flow, message);
    const url = `${server.url}/api/v1/projects/default/files`;
    const options = { headers: { authorization: `Bearer ${server.token}` }, proxy: false } as const;
    const file = { name: "a.jpg", mimeType: "image/jpeg", externalId: "replaced" };
    const { data } = await axios.post<{ id: number }>(url, file, options);
    const segment = { ...message.segment, file: { fileId: data.id } };
    assert.deepEqual(await overlayOf(flow, { ...message, segment, image: picture }), before);
  });

  it("is rounded, the mask is not", async () => {
    const { flow, message } = await uploaded();
    flow.send("mask", message);
    const { mask } = (await flow.next("rendered")) as Message & { mask: Uint8Array };
    assert.deepEqual(Buffer.from(mask), await drawMask(SIZE, RING.segments));
  });
});
