import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import { SegmentError } from "../src/api/segment-error";
import { type Connection } from "./service/connection";
import { drawingConnection } from "./render/drawing-service";
import { onMessage, type Task } from "./common/on-message";
import { servePictures, type PictureLinks } from "./render/picture-links";
import { evaluate, nameOf, typedInput } from "./common/typed-input";
import { connectionOfJob } from "./service/service-of-job";
import { segmentOf } from "./common/segment-of";

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

/** What a node has beside its settings. */
interface Tools {
  links: PictureLinks;
  /** Draws when the config's service does not. */
  drawing: Connection;
}

const DEFAULT_RESULT = { value: "payload", type: "msg" };
const DEFAULT_IMAGE = { value: "image", type: "msg" };
/** What flows have that say nothing. Besides "best", or the place of a bounding box: one segment of each result. */
const ALL = { value: "", type: "all" };
const NO_SCALE = { value: "", type: "num" };
const TEXTS = { working: "segment-render.status.rendering", dropped: "segment-render.warning.dropped" };

export = function (RED: NodeAPI): void {
  const links = servePictures(RED);

  function SegmentRender(this: Node, def: RenderDef): void {
    RED.nodes.createNode(this, def);
    const drawing = drawingConnection(RED);
    onMessage(RED, this, TEXTS, (msg, task) => render(RED, this, def, { links, drawing }, msg, task));
    this.on("close", () => drawing.close());
  }
  RED.nodes.registerType("segment-render", SegmentRender);
};

async function render(
  RED: NodeAPI,
  node: Node,
  def: RenderDef,
  { links, drawing }: Tools,
  msg: NodeMessageInFlow,
  task: Task,
): Promise<void> {
  const { measure, measureSegment, pickSegments, readPick, readResults, toSvg } =
    await import("../src/result/index.js");
  const { readFormats, readScale, renderForms } = await import("./render/render-forms.lazy.js");
  const { RenderedPicture } = await import("./render/rendered-picture.lazy.js");

  const source = typedInput(def.result, def.resultType, DEFAULT_RESULT);
  const pick = typedInput(def.pick, def.pickType, ALL);
  const scale = typedInput(def.mmPerPixel, def.mmPerPixelType, NO_SCALE);
  const image = typedInput(def.image, def.imageType, DEFAULT_IMAGE);
  const formats = readFormats(def.formats);
  const results = readResults(nameOf(source), await evaluate(RED, node, source, msg, "invalid-result"), segmentOf(msg));
  const box = ["all", "best"].includes(pick.type)
    ? undefined
    : readPick(nameOf(pick), await evaluate(RED, node, pick, msg, "invalid-result"));
  const mmPerPixel = readScale(nameOf(scale), await evaluate(RED, node, scale, msg, "invalid-result"));

  const service = (): Promise<Connection> => connectionOfJob(RED, def.config, msg, task.signal);
  const given = await evaluate(RED, node, image, msg, "invalid-image");
  const picture = new RenderedPicture(nameOf(image), given, results, msg, service, task.signal);
  const size = await picture.size();
  const found = results.flatMap(({ segments }) => segments);
  const segments = pick.type === "all" ? found : pickSegments(results, box);
  const prompts = results.map(({ prompt }) => prompt);
  const measures = measure(segments, size, mmPerPixel);

  const drawer = async () => {
    const connection = await service();
    return ((await connection.draws()) ? connection : drawing).client();
  };
  const forms = await renderForms(formats, { segments, prompts, size, picture, drawer, signal: task.signal });
  const dashboard =
    def.forDashboard === true
      ? {
          svg: toSvg(segments, prompts, size),
          measures,
          candidates: found.map((segment) => {
            const place = segments.indexOf(segment);
            return { ...(measures.segments[place] ?? measureSegment(segment, size, mmPerPixel)), shown: place >= 0 };
          }),
          imageUrl: links.urlOf(await picture.read()),
          imageSize: size,
          score: measures.total.score,
        }
      : undefined;

  Object.assign(msg, { measures });
  for (const { property, value } of forms) setProperty(RED, msg, property, value);
  if (dashboard !== undefined) msg.payload = dashboard;
  task.send(msg);
}

function setProperty(RED: NodeAPI, msg: NodeMessageInFlow, property: string, value: unknown): void {
  const isSet: unknown = RED.util.setMessageProperty(msg, property, value, true);
  if (isSet !== false) return;
  throw new SegmentError("invalid-result", `msg.${property} can't be set: choose another property for this output`);
}
