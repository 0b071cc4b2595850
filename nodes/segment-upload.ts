import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import { connectionOf } from "./shared/connection";
import { onMessage, type Task } from "./shared/on-message";
import { evaluate, nameOf, typedInput } from "./shared/typed-input";

interface UploadDef extends NodeDef {
  config?: string;
  image?: string;
  imageType?: string;
  instance?: string;
  instanceType?: string;
  keepImage?: boolean;
}

const DEFAULT_IMAGE = { value: "payload", type: "msg" };
const NO_INSTANCE = { value: "", type: "msg" };
const TEXTS = { working: "segment-upload.status.uploading", dropped: "segment-upload.warning.dropped" };

export = function (RED: NodeAPI): void {
  function SegmentUpload(this: Node, def: UploadDef): void {
    RED.nodes.createNode(this, def);
    onMessage(RED, this, TEXTS, (msg, task) => upload(RED, this, def, msg, task));
  }
  RED.nodes.registerType("segment-upload", SegmentUpload);
};

async function upload(RED: NodeAPI, node: Node, def: UploadDef, msg: NodeMessageInFlow, task: Task): Promise<void> {
  const receivedAt = Date.now();
  const source = typedInput(def.image, def.imageType, DEFAULT_IMAGE);
  const { readInstance, readPicture } = await import("./shared/picture.js");
  const given = await evaluate(RED, node, source, msg, "invalid-image");
  const picture = await readPicture(nameOf(source), given);
  const { bytes, mimeType, sha256, imageSize } = picture;
  const target = typedInput(def.instance, def.instanceType, NO_INSTANCE);
  const instanceId = readInstance(nameOf(target), await evaluate(RED, node, target, msg, "invalid-image"));

  const connection = connectionOf(RED, def.config);
  const client = await connection.client();
  const { id } = await client.upload({ ...picture, instanceId }, { signal: task.signal });

  Object.assign(msg, {
    payload: { fileIds: [instanceId ?? id], imageSize, ...promptFields(msg.payload) },
    segment: {
      service: connection.service,
      file: instanceId === undefined ? { fileId: id } : { fileInstanceId: { ...instanceId } },
      imageSize: { ...imageSize },
      mimeType,
      sha256,
      receivedAt,
    },
    ...(def.keepImage === false ? {} : { image: bytes }),
  });
  // A later node takes msg.image for the picture of msg.segment: an older one would be wrong.
  if (def.keepImage === false && msg.image !== given) delete msg.image;
  task.send(msg);
}

/** The prompt that came beside the picture: `points`, `boxes`, `boundingBox` of a payload object. */
function promptFields(payload: unknown): Record<string, unknown> {
  if (typeof payload !== "object" || payload === null || ArrayBuffer.isView(payload)) return {};
  const names = ["points", "boxes", "boundingBox"];
  return Object.fromEntries(Object.entries(payload).filter(([name]) => names.includes(name)));
}
