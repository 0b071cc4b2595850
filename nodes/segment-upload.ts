import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import type { TakenPicture } from "./shared/camera-message";
import { connectionOf } from "./shared/connection";
import { lazy } from "./shared/lazy";
import { onMessage, type Task } from "./shared/on-message";
import { forgetRepeats, repeatsOf } from "./shared/repeats";
import { topicOf } from "./shared/topics";
import { evaluate, nameOf, typedInput } from "./shared/typed-input";

interface UploadDef extends NodeDef {
  config?: string;
  image?: string;
  imageType?: string;
  instance?: string;
  instanceType?: string;
  keepImage?: boolean;
  skipRepeats?: boolean;
}

const DEFAULT_IMAGE = { value: "payload", type: "msg" };
const NO_INSTANCE = { value: "", type: "msg" };
const cameraMessages = lazy(() => import("./shared/camera-message.js"));
const TEXTS = { working: "segment-upload.status.uploading", dropped: "segment-upload.warning.dropped" };

export = function (RED: NodeAPI): void {
  function SegmentUpload(this: Node, def: UploadDef): void {
    RED.nodes.createNode(this, def);
    if (def.skipRepeats === true) uploadNewPictures(RED, this, def);
    else {
      forgetRepeats(this.id);
      onMessage(RED, this, TEXTS, async (msg, task) =>
        upload(RED, this, def, msg, await take(RED, this, def, msg, task), task),
      );
    }
  }
  RED.nodes.registerType("segment-upload", SegmentUpload);
};

/** Ends a message whose picture is the same as the one before it in its topic. */
function uploadNewPictures(RED: NodeAPI, node: Node, def: UploadDef): void {
  const repeats = repeatsOf(node.id);
  let skipped = 0;
  const note = (): string | undefined =>
    skipped === 0 ? undefined : `${skipped} ${RED._("segment-upload.status.skipped")}`;
  const handle = async (msg: NodeMessageInFlow, task: Task): Promise<void> => {
    const taken = await take(RED, node, def, msg, task);
    const { sha256 } = taken.picture;
    const topic = topicOf(msg);
    if (repeats.isRepeat(topic, sha256)) {
      skipped++;
      return;
    }
    try {
      await upload(RED, node, def, msg, taken, task);
    } catch (error) {
      repeats.forget(topic, sha256);
      throw error;
    }
  };
  onMessage(RED, node, TEXTS, handle, { note });
  node.on("close", (removed: boolean, done: () => void) => {
    if (removed) forgetRepeats(node.id);
    done();
  });
}

/** Takes the picture of a message. */
async function take(
  RED: NodeAPI,
  node: Node,
  def: UploadDef,
  msg: NodeMessageInFlow,
  { signal }: Task,
): Promise<TakenPicture> {
  const source = typedInput(def.image, def.imageType, DEFAULT_IMAGE);
  const value = await evaluate(RED, node, source, msg, "invalid-image");
  const { takePicture } = await cameraMessages();
  const timeoutMs = (): Promise<number> => connectionOf(RED, def.config).timeoutMs();
  return takePicture(nameOf(source), value, { settings: RED.settings, timeoutMs, signal });
}

/** Uploads the picture of a message and sends the message on. */
async function upload(
  RED: NodeAPI,
  node: Node,
  def: UploadDef,
  msg: NodeMessageInFlow,
  taken: TakenPicture,
  task: Task,
): Promise<void> {
  const { readInstance } = await import("./shared/picture.js");
  const { promptBeside } = await cameraMessages();
  const { picture, receivedAt } = taken;
  const { bytes, mimeType, sha256, imageSize } = picture;
  const prompt = promptBeside(msg, taken);
  const target = typedInput(def.instance, def.instanceType, NO_INSTANCE);
  const instanceId = readInstance(nameOf(target), await evaluate(RED, node, target, msg, "invalid-image"));

  const connection = connectionOf(RED, def.config);
  const client = await connection.client();
  const { id } = await client.upload({ ...picture, instanceId }, { signal: task.signal });

  Object.assign(msg, {
    payload: { fileIds: [instanceId ?? id], imageSize, ...prompt },
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
  // A later node takes msg.image for the picture of msg.segment: an older one, or an address, would be wrong.
  if (def.keepImage === false && !isSameMemory(msg.image, bytes)) delete msg.image;
  task.send(msg);
}

/** Whether a value is the very bytes, not a copy or a text that they were read from. */
function isSameMemory(value: unknown, bytes: Buffer): boolean {
  return value instanceof Uint8Array && value.buffer === bytes.buffer && value.byteOffset === bytes.byteOffset;
}
