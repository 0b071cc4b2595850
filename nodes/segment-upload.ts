import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import { lazy } from "../src/async/lazy";
import { Semaphore } from "../src/async/semaphore";
import { Inputs } from "./common/inputs";
import { onMessage, type Task } from "./common/on-message";
import { topicOf } from "./common/topic";
import { concurrencyAt, connectionOf } from "./service/connection";
import { forgetRepeats, repeatsOf } from "./upload/repeats";
import type { TakenPicture } from "./upload/take-picture.lazy";

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
const TEXTS = { working: "segment-upload.status.uploading", dropped: "segment-upload.warning.dropped" };
const pictures = lazy(() => import("./upload/take-picture.lazy.js"));
const uploads = lazy(() => import("./upload/uploaded-message.lazy.js"));

/** Takes the picture of a message. */
type Take = (msg: NodeMessageInFlow, task: Task) => Promise<TakenPicture>;
/** Uploads the picture of a message and sends the message on. */
type Upload = (msg: NodeMessageInFlow, taken: TakenPicture, task: Task) => Promise<void>;

export = function (RED: NodeAPI): void {
  function SegmentUpload(this: Node, def: UploadDef): void {
    RED.nodes.createNode(this, def);
    const inputs = new Inputs(RED, this, "invalid-image");
    const take = taker(RED, def, inputs);
    const upload = uploader(RED, def, inputs);
    if (def.skipRepeats === true) uploadNewPictures(RED, this, take, upload);
    else uploadAll(RED, this, take, upload);
  }
  RED.nodes.registerType("segment-upload", SegmentUpload);
};

function uploadAll(RED: NodeAPI, node: Node, take: Take, upload: Upload): void {
  forgetRepeats(node.id);
  onMessage(RED, node, TEXTS, async (msg, task) => {
    const taken = await take(msg, task);
    try {
      await upload(msg, taken, task);
    } finally {
      taken.release();
    }
  });
}

/** Uploads pictures that differ from the one before them in their topic. A message with an unchanged picture ends. */
function uploadNewPictures(RED: NodeAPI, node: Node, take: Take, upload: Upload): void {
  const repeats = repeatsOf(node.id);
  let skipped = 0;
  const note = (): string | undefined =>
    skipped === 0 ? undefined : `${skipped} ${RED._("segment-upload.status.skipped")}`;
  const handle = async (msg: NodeMessageInFlow, task: Task): Promise<void> => {
    const taken = await take(msg, task);
    try {
      const { sha256 } = taken.picture;
      if (!(await repeats.useOnce(topicOf(msg), sha256, () => upload(msg, taken, task)))) skipped++;
    } finally {
      taken.release();
    }
  };
  onMessage(RED, node, TEXTS, handle, { note });
  node.on("close", (removed: boolean, done: () => void) => {
    if (removed) forgetRepeats(node.id);
    done();
  });
}

function taker(RED: NodeAPI, def: UploadDef, inputs: Inputs): Take {
  const image = inputs.of(def.image, def.imageType, DEFAULT_IMAGE);
  const atOnce = new Semaphore(() => concurrencyAt(RED, def.config));
  const timeoutMs = (): Promise<number> => connectionOf(RED, def.config).timeoutMs();
  return async (msg, { signal }) => {
    const value = await image.read(msg);
    const { takePicture } = await pictures();
    return takePicture(image.name, value, { settings: RED.settings, timeoutMs, atOnce, signal });
  };
}

function uploader(RED: NodeAPI, def: UploadDef, inputs: Inputs): Upload {
  const instance = inputs.of(def.instance, def.instanceType, NO_INSTANCE);
  const keepImage = def.keepImage !== false;
  return async (msg, taken, { signal, send }) => {
    const { promptBeside, readInstance, writeUploaded } = await uploads();
    const prompt = promptBeside(msg, taken);
    const instanceId = readInstance(instance.name, await instance.read(msg));
    const connection = connectionOf(RED, def.config);
    const client = await connection.client();
    const { id } = await client.upload({ ...taken.picture, instanceId }, { signal });
    writeUploaded(msg, taken, { service: connection.service, id, instanceId, prompt, keepImage });
    send(msg);
  };
}
