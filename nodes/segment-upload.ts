import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import type { TakenPicture } from "./upload/take-picture.lazy";
import { connectionOf } from "./service/connection";
import { lazy } from "../src/async/lazy";
import { onMessage, type Task } from "./common/on-message";
import { forgetRepeats, repeatsOf } from "./upload/repeats";
import { evaluate, nameOf, typedInput } from "./common/typed-input";
import { topicOf } from "./common/topic";

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
/** Pictures of files and addresses that a node has in memory at once; the client sends as many by default. */
const READ_AT_ONCE = 8;
const cameraMessages = lazy(() => import("./upload/take-picture.lazy.js"));
const TEXTS = { working: "segment-upload.status.uploading", dropped: "segment-upload.warning.dropped" };

/** Works on a picture that was taken from a message. */
type Use = (taken: TakenPicture) => Promise<void>;
/** Takes the picture of a message and lets it be used. */
type Take = (msg: NodeMessageInFlow, task: Task, use: Use) => Promise<void>;

export = function (RED: NodeAPI): void {
  function SegmentUpload(this: Node, def: UploadDef): void {
    RED.nodes.createNode(this, def);
    const take = taker(RED, this, def);
    if (def.skipRepeats === true) uploadNewPictures(RED, this, def, take);
    else {
      forgetRepeats(this.id);
      onMessage(RED, this, TEXTS, (msg, task) => take(msg, task, (taken) => upload(RED, this, def, msg, taken, task)));
    }
  }
  RED.nodes.registerType("segment-upload", SegmentUpload);
};

/** Ends a message whose picture is the same as the one before it in its topic. */
function uploadNewPictures(RED: NodeAPI, node: Node, def: UploadDef, take: Take): void {
  const repeats = repeatsOf(node.id);
  let skipped = 0;
  const note = (): string | undefined =>
    skipped === 0 ? undefined : `${skipped} ${RED._("segment-upload.status.skipped")}`;
  const handle = (msg: NodeMessageInFlow, task: Task): Promise<void> =>
    take(msg, task, async (taken) => {
      const work = (): Promise<void> => upload(RED, node, def, msg, taken, task);
      if (!(await repeats.useOnce(topicOf(msg), taken.picture.sha256, work))) skipped++;
    });
  onMessage(RED, node, TEXTS, handle, { note });
  node.on("close", (removed: boolean, done: () => void) => {
    if (removed) forgetRepeats(node.id);
    done();
  });
}

function taker(RED: NodeAPI, node: Node, def: UploadDef): Take {
  const lane = lazy(async () => new (await import("../src/async/semaphore.js")).Semaphore(READ_AT_ONCE));
  const timeoutMs = (): Promise<number> => connectionOf(RED, def.config).timeoutMs();
  return async (msg, { signal }, use) => {
    const source = typedInput(def.image, def.imageType, DEFAULT_IMAGE);
    const value = await evaluate(RED, node, source, msg, "invalid-image");
    const { withPicture } = await cameraMessages();
    const access = { settings: RED.settings, timeoutMs, lane: await lane(), signal };
    await withPicture(nameOf(source), value, access, use);
  };
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
  const { readInstance } = await import("./upload/instance.lazy.js");
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
