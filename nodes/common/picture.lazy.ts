import { preview, SegmentError, type ImageSize, type MimeType } from "../../src/api";
import { ImageError, readImageInfo } from "../../src/image";

/** A picture of a message, ready to be uploaded. */
export interface Picture {
  /** The message's own bytes, not a copy. */
  bytes: Buffer;
  mimeType: MimeType;
  /** Made from the content, so that the same picture has the same name. */
  name: string;
  /** Of the upright picture, in pixels. */
  imageSize: ImageSize;
  /** Hex sha256 of the bytes. */
  sha256: string;
}

/** Advice for a picture that arrives as a text. */
export const BUFFER_ADVICE =
  "Let the node before give a Buffer (mqtt in: output a Buffer; file in: a single Buffer object; " +
  "http request: return a binary buffer)";
/** Advice for a value that is no picture. */
export const FIELD_ADVICE = "Choose in the dialog where the message carries the picture.";

/**
 * Reads a picture that a message holds as a Buffer or Uint8Array.
 * @param place where the value was found, in the user's terms, for errors
 * @throws {SegmentError} `invalid-image`
 */
export async function readPicture(place: string, value: unknown): Promise<Picture> {
  if (!(value instanceof Uint8Array)) throw noBytes(place, value);
  const bytes = toBuffer(value);
  try {
    const { mimeType, sha256, width, height } = await readImageInfo(bytes);
    const name = `node-red-${sha256.slice(0, 16)}.${mimeType === "image/png" ? "png" : "jpg"}`;
    return { bytes, mimeType, name, imageSize: { width, height }, sha256 };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new SegmentError("invalid-image", `${place}: ${error.message}`, { cause: error });
  }
}

/** The same memory as a Buffer. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function noBytes(place: string, value: unknown): SegmentError {
  const advice =
    typeof value === "string" ? `${BUFFER_ADVICE}, or turn base64 text into one with the base64 node.` : FIELD_ADVICE;
  return new SegmentError(
    "invalid-image",
    `${place} must be a picture as a Buffer, but is ${describe(value)}. ${advice}`,
  );
}

/** Describes a value that should have been a picture; follows "is" in a sentence. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return "not there";
  if (Array.isArray(value)) return `an array of ${value.length} items`;
  return typeof value === "string" ? `a text (${preview(value)})` : `of type ${typeof value} (${preview(value)})`;
}
