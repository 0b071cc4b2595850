import type { NodeMessage } from "node-red";
import { cameraBox } from "../../src/prompt";
import type { Semaphore } from "../../src/async/semaphore";
import { readAllowedFile } from "./allowed-files.lazy";
import { allowedUrls, refuseUrl } from "./allowed-urls.lazy";
import { readPicture, type Picture } from "../common/picture.lazy";
import { givenPicture, jsonMessage, MAX_PICTURE_BYTES, type JsonMessage, type Source } from "./picture-source.lazy";

const PROMPT_FIELDS = ["points", "boxes", "boundingBox"];

/** How a source that is elsewhere is read. */
interface Access {
  /** Of Node-RED: what stands in settings.js. */
  settings: object;
  timeoutMs: () => Promise<number>;
  /** How many pictures that are elsewhere may be in memory at once. */
  lane: Semaphore;
  signal: AbortSignal;
}

/** A picture, and what it was taken from. */
export interface TakenPicture {
  picture: Picture;
  /** When the message came, in milliseconds of the epoch. */
  receivedAt: number;
  /** What was found at the place that the user chose, and how the user would call that. */
  place: string;
  value: unknown;
  /** The JSON message that the picture stood in. */
  message?: JsonMessage;
}

/**
 * Takes the picture that a message gives in any of the forms of `givenPicture`, and uses it. One that is elsewhere is read
 * when there is room for it, and counts as long as it is used: a folder may hold thousands.
 * @param place how the user would call where it was found, for errors
 * @throws {SegmentError} `invalid-image`; `not-allowed`, `unreachable` for a file or address; what `use` throws
 */
export async function withPicture(
  place: string,
  value: unknown,
  access: Access,
  use: (taken: TakenPicture) => Promise<void>,
): Promise<void> {
  const receivedAt = Date.now();
  const given = givenPicture(place, value);
  const readAndUse = async (): Promise<void> => {
    const bytes = await bytesOf(given.place, given.source, access);
    const picture = await readPicture(given.place, bytes);
    await use({ picture, receivedAt, place, value, message: given.message });
  };
  await ("bytes" in given.source ? readAndUse() : access.lane.run(access.signal, readAndUse));
}

async function bytesOf(place: string, source: Source, { settings, timeoutMs, signal }: Access): Promise<Buffer> {
  if ("bytes" in source) return source.bytes;
  if ("path" in source) {
    return readAllowedFile(place, source.path, Reflect.get(settings, "segmentAllowedFolders"), signal);
  }
  const { addressText, fetchUrl } = await import("../../src/client/index.js");
  const isAllowed = allowedUrls(Reflect.get(settings, "segmentAllowedUrls"));
  const check = (url: URL): void => {
    if (!isAllowed(url)) refuseUrl(`${place}: the address ${addressText(url)}`);
  };
  check(source.url); // before a service is started for its time-out
  return fetchUrl(source.url, { check, timeoutMs: await timeoutMs(), maxBytes: MAX_PICTURE_BYTES, signal });
}

/**
 * The prompt that came beside a picture: `points`, `boxes` and `boundingBox` of the payload, else of the JSON message
 * that the picture stood in; without a box of these, the one that a camera gave.
 * @throws {SegmentError} `invalid-prompt` when a camera's box does not fit
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
