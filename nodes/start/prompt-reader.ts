import type { Node, NodeAPI, NodeMessage } from "node-red";
import { lazy } from "../../src/async/lazy";
import type { PromptInput } from "../../src/prompt";
import { Inputs } from "../common/inputs";
import { segmentOf } from "../common/segment-of";

/** The fields of a node that say where its prompt is. */
export interface PromptDef {
  file?: string;
  fileType?: string;
  points?: string;
  pointsType?: string;
  boxes?: string;
  boxesType?: string;
  units?: string;
}

const DEFAULT_FILE = { value: "payload.fileIds", type: "msg" };
const DEFAULT_POINTS = { value: "payload.points", type: "msg" };
const DEFAULT_BOXES = { value: "payload.boxes", type: "msg" };
const prompts = lazy(() => import("../../src/prompt/index.js"));

/**
 * Makes the function that reads the prompt of a node's message. Inputs with their default read all forms that a payload
 * may have.
 * @throws {SegmentError} `invalid-prompt`, by the function that is returned
 */
export function promptReader(RED: NodeAPI, node: Node, def: PromptDef): (msg: NodeMessage) => Promise<PromptInput> {
  const inputs = new Inputs(RED, node, "invalid-prompt");
  const file = inputs.of(def.file, def.fileType, DEFAULT_FILE);
  const points = inputs.of(def.points, def.pointsType, DEFAULT_POINTS);
  const boxes = inputs.of(def.boxes, def.boxesType, DEFAULT_BOXES);
  const uses = {
    needed: file.isDefault || (points.isDefault && boxes.isDefault),
    readsBoxes: boxes.isDefault,
  };
  return async (msg) => {
    const { promptOfPayload } = await prompts();
    const payload = promptOfPayload(msg.payload, uses);
    return {
      files: file.isDefault ? payload.files : await file.read(msg),
      points: points.isDefault ? payload.points : await points.read(msg),
      boxes: boxes.isDefault ? payload.boxes : await boxes.read(msg),
      units: def.units === "pixel" ? "pixel" : "fraction",
      imageSize: payload.imageSize ?? segmentOf(msg).imageSize,
    };
  };
}
