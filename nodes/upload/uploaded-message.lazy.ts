import type { NodeMessage } from "node-red";
import { instanceIdSchema, preview, SegmentError, type InstanceId } from "../../src/api";
import { cameraBox } from "../../src/prompt";
import { jsonMessage, type JsonMessage } from "./picture-source.lazy";
import type { TakenPicture } from "./take-picture.lazy";

const PROMPT_FIELDS = ["points", "boxes", "boundingBox"];

/** A picture that the service has. */
interface Uploaded {
  /** Identity of the service. */
  service: string;
  /** Of the service's file. */
  id: number;
  /** The file of a data-modelling project that the picture belongs to. */
  instanceId: InstanceId | undefined;
  /** Fields of the payload, see {@link promptBeside}. */
  prompt: Record<string, unknown>;
  /** Whether the message keeps the picture's bytes in `msg.image`. */
  keepImage: boolean;
}

/**
 * The prompt that came beside a picture: `points`, `boxes` and `boundingBox` of the payload, else of the JSON message
 * that held the picture; when neither has a box, the one that a camera gave.
 * @throws {SegmentError} `invalid-prompt` when a camera's box can't be used
 */
export function promptBeside(msg: NodeMessage, taken: TakenPicture): Record<string, unknown> {
  const { place, value, message = {} } = taken;
  const payload = msg.payload === value ? message : (jsonMessage(msg.payload) ?? {});
  const ofPayload = promptFields(payload);
  const prompt = Object.keys(ofPayload).length > 0 ? ofPayload : promptFields(message);
  if ("boxes" in prompt || "boundingBox" in prompt) return prompt;
  const { imageSize } = taken.picture;
  const boundingBox = cameraBox("msg.payload", payload, imageSize) ?? cameraBox(place, message, imageSize);
  return boundingBox === undefined ? prompt : { ...prompt, boundingBox };
}

function promptFields(message: JsonMessage): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(message).filter(([name, value]) => PROMPT_FIELDS.includes(name) && value !== null),
  );
}

/**
 * Reads which file of a data-modelling project a picture belongs to; undefined when none is named.
 * @param place where the value was found, in the user's terms, for errors
 * @throws {SegmentError} `invalid-image`
 */
export function readInstance(place: string, value: unknown): InstanceId | undefined {
  if (value === undefined || value === null) return undefined;
  const parsed = instanceIdSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SegmentError("invalid-image", `${place} must be {space, externalId}, both texts (got ${preview(value)})`);
}

/** Writes into a message what the next nodes need: payload, `msg.segment` and `msg.image`. */
export function writeUploaded(
  msg: NodeMessage & { image?: unknown },
  { picture, receivedAt }: TakenPicture,
  { service, id, instanceId, prompt, keepImage }: Uploaded,
): void {
  const { bytes, mimeType, sha256, imageSize } = picture;
  Object.assign(msg, {
    payload: { fileIds: [instanceId ?? id], imageSize, ...prompt },
    segment: {
      service,
      file: instanceId === undefined ? { fileId: id } : { fileInstanceId: { ...instanceId } },
      imageSize: { ...imageSize },
      mimeType,
      sha256,
      receivedAt,
    },
    ...(keepImage ? { image: bytes } : {}),
  });
  // A later node takes msg.image for the picture of msg.segment: an older one, or an address, would be wrong.
  if (!keepImage && !isSameMemory(msg.image, bytes)) delete msg.image;
}

/** Whether a value is the very bytes, not a copy or a text from which they were read. */
function isSameMemory(value: unknown, bytes: Buffer): boolean {
  return value instanceof Uint8Array && value.buffer === bytes.buffer && value.byteOffset === bytes.byteOffset;
}
