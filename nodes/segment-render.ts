import type { Node, NodeAPI, NodeDef } from "node-red";
import { lazy } from "../src/async/lazy";
import { Inputs } from "./common/inputs";
import { onMessage } from "./common/on-message";
import { drawingConnection } from "./render/drawing-service";
import { servePictures } from "./render/picture-links";
import type { RendererOptions } from "./render/renderer.lazy";
import { connectionOfJob } from "./service/service-of-job";

interface RenderDef extends NodeDef {
  config?: string;
  result?: string;
  resultType?: string;
  pick?: string;
  pickType?: string;
  image?: string;
  imageType?: string;
  formats?: unknown;
  forDashboard?: boolean;
  mmPerPixel?: string;
  mmPerPixelType?: string;
}

const DEFAULT_RESULT = { value: "payload", type: "msg" };
const DEFAULT_IMAGE = { value: "image", type: "msg" };
/** The default of flows saved before the field existed. Other types: `best`, or a bounding box: one segment of each result. */
const ALL = { value: "", type: "all" };
const NO_SCALE = { value: "", type: "num" };
const TEXTS = { working: "segment-render.status.rendering", dropped: "segment-render.warning.dropped" };

export = function (RED: NodeAPI): void {
  const links = servePictures(RED);

  function SegmentRender(this: Node, def: RenderDef): void {
    RED.nodes.createNode(this, def);
    const inputs = new Inputs(RED, this, "invalid-result");
    const drawing = drawingConnection(RED);
    const options: RendererOptions = {
      result: inputs.of(def.result, def.resultType, DEFAULT_RESULT),
      pick: inputs.of(def.pick, def.pickType, ALL),
      scale: inputs.of(def.mmPerPixel, def.mmPerPixelType, NO_SCALE),
      image: inputs.of(def.image, def.imageType, DEFAULT_IMAGE, "invalid-image"),
      formats: def.formats,
      forDashboard: def.forDashboard === true,
      serviceOf: (msg, signal) => connectionOfJob(RED, def.config, msg, signal),
      drawing,
      links,
      setProperty: (...property) => RED.util.setMessageProperty(...property),
    };
    const renderer = lazy(async () => new (await import("./render/renderer.lazy.js")).Renderer(options));
    onMessage(RED, this, TEXTS, async (msg, task) => {
      await (await renderer()).render(msg, task.signal);
      task.send(msg);
    });
    this.on("close", () => drawing.close());
  }
  RED.nodes.registerType("segment-render", SegmentRender);
};
