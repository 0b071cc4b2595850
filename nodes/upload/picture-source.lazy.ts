import { MAX_PICTURE_BYTES, SegmentError } from "../../src/api";
import { BUFFER_ADVICE, describe, FIELD_ADVICE, toBuffer } from "../common/picture.lazy";

/** Fields of a JSON message that may hold the picture. The first one that holds it counts. */
const PICTURE_FIELDS = ["image", "data", "picture", "snapshot", "url", "path"];
/** Longer than any path or address. */
const MAX_NAME_LENGTH = 4096;
/** A larger text holds no picture that is small enough, whether as base64 or in a JSON message. */
const MAX_TEXT_LENGTH = 2 * MAX_PICTURE_BYTES;
/** Reading a Buffer as JSON blocks the event loop for 70 ms a megabyte. */
const MAX_JSON_BUFFER_BYTES = 2 ** 20;
/** The beginning of a JPEG or PNG as base64. */
const BASE64_PICTURE = /^(\/9j\/|_9j_|iVBORw0KGg)/;
const DATA_URL = /^data:/i;
const WEB_ADDRESS = /^https?:/i;
/** Beginnings of a text: no picture's bytes begin like this. */
const TEXT_STARTS = [BASE64_PICTURE, DATA_URL, WEB_ADDRESS, /^\{/];

/** A JSON message. */
export type JsonMessage = Record<string, unknown>;

/** Where the bytes of a picture are: here, in a file, or at an address. */
export type Source = { bytes: Buffer } | { path: string } | { url: URL };

/** A picture that a message gives. */
export interface GivenPicture {
  /** Where it was found, in the user's terms. */
  place: string;
  source: Source;
  /** The JSON message that held it. */
  message?: JsonMessage;
}

/**
 * Recognises by its content in which form a message gives a picture: bytes (Buffer, Uint8Array, a Buffer as JSON), base64
 * or a data URL, a path, an address, or a JSON message (an object, or JSON as text or Buffer) with one of these in a usual
 * field. Reads no file and no address.
 * @param place where the value was found, in the user's terms, for errors
 * @throws {SegmentError} `invalid-image`
 */
export function givenPicture(place: string, value: unknown): GivenPicture {
  const content = parseText(value);
  const message = asMessage(content);
  if (message === undefined) return { place, source: sourceOf(place, content) };
  const field = PICTURE_FIELDS.find((name) => mayBePicture(message[name]));
  if (field === undefined) {
    throw invalidImage(
      place,
      `is a JSON message without a picture: none of its fields ${PICTURE_FIELDS.join(", ")} holds one ` +
        `(it has ${Object.keys(message).slice(0, 10).join(", ") || "no fields"}). Choose in the dialog where the picture is.`,
    );
  }
  return { place: `${place}.${field}`, source: sourceOf(`${place}.${field}`, message[field]), message };
}

/** The JSON message that a value is, or holds as text or Buffer; undefined when it is something else. */
export function jsonMessage(value: unknown): JsonMessage | undefined {
  return asMessage(parseText(value));
}

function asMessage(parsed: unknown): JsonMessage | undefined {
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
  return isBytes(parsed) || isJsonBuffer(parsed) ? undefined : { ...parsed };
}

/** The value of a text or Buffer that holds a JSON object; any other value as it is. */
function parseText(value: unknown): unknown {
  const isText = typeof value === "string" || isBytes(value);
  if (!isText || value.length > MAX_TEXT_LENGTH || !startOf(value).startsWith("{")) return value;
  try {
    return JSON.parse(textOf(value));
  } catch {
    return value;
  }
}

/** Whether a field of a JSON message can be the picture. A camera's other fields are skipped. */
function mayBePicture(value: unknown): boolean {
  return isBytes(value) || isJsonBuffer(value) || (typeof value === "string" && value !== "");
}

function sourceOf(place: string, value: unknown): Source {
  if (isBytes(value)) return ofBytes(place, value);
  if (isJsonBuffer(value)) return { bytes: ofJsonBuffer(place, value) };
  if (typeof value === "string") return ofText(place, value.trim());
  throw invalidImage(place, `must be a picture, but is ${describe(value)}. ${FIELD_ADVICE}`);
}

/** A Buffer of `mqtt in` may hold a text. */
function ofBytes(place: string, bytes: Uint8Array): Source {
  const beginning = startOf(bytes);
  const isText = TEXT_STARTS.some((start) => start.test(beginning));
  return isText ? ofText(place, textOf(bytes).trim()) : { bytes: toBuffer(bytes) };
}

function ofText(place: string, text: string): Source {
  if (BASE64_PICTURE.test(text) || DATA_URL.test(text)) return { bytes: ofEncodedText(place, text) };
  if (WEB_ADDRESS.test(text)) return { url: addressOf(place, text) };
  const [, scheme] = /^([a-z][a-z0-9+.-]+):\/\//i.exec(text) ?? [];
  if (scheme !== undefined)
    throw invalidImage(place, `is an address with ${scheme}://, but only http:// and https:// are read`);
  if (isPath(text)) return { path: text };
  if (text.startsWith("{")) throw invalidImage(place, "begins like JSON, but can't be read as such");
  throw invalidImage(
    place,
    `is a text (${excerpt(text)}) that is no base64 or data URL of a JPEG or PNG, no http(s) address and no absolute ` +
      `path. A picture that comes as a text by mistake is damaged. ${BUFFER_ADVICE}.`,
  );
}

/** Whether a text is an absolute path. Paths of network shares are not: Windows would log in there to read them. */
function isPath(text: string): boolean {
  return /^(\/(?![\\/])|[a-z]:[\\/])/i.test(text) && text.length <= MAX_NAME_LENGTH && !/\p{Cc}/u.test(text);
}

/** The bytes of base64, with or without the head of a data URL. */
function ofEncodedText(place: string, text: string): Buffer {
  if (text.length > MAX_TEXT_LENGTH) throw tooLarge(place);
  const base64 = DATA_URL.test(text) ? text.slice(dataUrlHead(place, text).length) : text;
  const bytes = decodeBase64(base64) ?? decodeBase64(base64.replace(/\s+/g, "")); // only MIME breaks it into lines
  if (bytes === undefined) throw invalidImage(place, "is damaged base64: it is cut off or holds other characters");
  if (bytes.length > MAX_PICTURE_BYTES) throw tooLarge(place);
  return bytes;
}

/** Undefined unless the whole text is base64: the decoder skips other characters, and ends at the first "=". */
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = text.length - padding;
  return digits % 4 !== 1 && bytes.length === Math.floor((digits * 3) / 4) ? bytes : undefined;
}

function dataUrlHead(place: string, text: string): string {
  const [head] = /^data:[^,]*;\s*base64\s*,/i.exec(text.slice(0, MAX_NAME_LENGTH)) ?? [];
  if (head !== undefined) return head;
  throw invalidImage(place, "is a data URL, but not one of base64 (data:image/jpeg;base64,…)");
}

function addressOf(place: string, text: string): URL {
  if (text.length > MAX_NAME_LENGTH || !URL.canParse(text))
    throw invalidImage(place, "is an http(s) address that can't be read");
  return new URL(text);
}

interface JsonBuffer {
  type: "Buffer";
  data: unknown[];
}

/** Whether a value is a Buffer in the form that `JSON.stringify` gives it. */
function isJsonBuffer(value: unknown): value is JsonBuffer {
  if (typeof value !== "object" || value === null || !("type" in value) || !("data" in value)) return false;
  return value.type === "Buffer" && Array.isArray(value.data);
}

function ofJsonBuffer(place: string, { data }: JsonBuffer): Buffer {
  if (data.length > MAX_JSON_BUFFER_BYTES) {
    throw invalidImage(place, "is a Buffer as JSON of more than 1 MB: send a Buffer, or base64 text");
  }
  const bytes = Buffer.alloc(data.length);
  data.forEach((byte, index) => {
    if (typeof byte !== "number") throw invalidImage(place, "is a Buffer as JSON, but not of numbers");
    bytes[index] = byte;
  });
  return bytes;
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

/** The first characters, without spaces before them. */
function startOf(value: string | Uint8Array): string {
  const start = value.slice(0, 64);
  return (typeof start === "string" ? start : toBuffer(start).toString("latin1")).trimStart();
}

function textOf(value: string | Uint8Array): string {
  return typeof value === "string" ? value : toBuffer(value).toString("utf8");
}

/** The beginning of a text, unless it may hold a password, as `user:password@camera` does. */
function excerpt(text: string): string {
  if (text.slice(0, MAX_NAME_LENGTH).includes("@")) return `${text.length} characters`;
  return text.length <= 40 ? JSON.stringify(text) : JSON.stringify(`${text.slice(0, 40)}…`);
}

function tooLarge(place: string): SegmentError {
  return invalidImage(
    place,
    `is too large: at most ${MAX_PICTURE_BYTES / 2 ** 20} MB are taken. Send a smaller picture.`,
  );
}

function invalidImage(place: string, reason: string): SegmentError {
  return new SegmentError("invalid-image", `${place} ${reason}`);
}
