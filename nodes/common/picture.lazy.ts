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

/**
 * Reads the picture that a message brings as a Buffer or Uint8Array.
 * @param place how the user would call where it was found, for errors
 * @throws {SegmentError} `invalid-image`
 */
export async function readPicture(place: string, value: unknown): Promise<Picture> {
  const bytes = toBuffer(place, value);
  try {
    const { mimeType, sha256, width, height } = await readImageInfo(bytes);
    const name = `node-red-${sha256.slice(0, 16)}.${mimeType === "image/png" ? "png" : "jpg"}`;
    return { bytes, mimeType, name, imageSize: { width, height }, sha256 };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new SegmentError("invalid-image", `${place}: ${error.message}`, { cause: error });
  }
}

function toBuffer(place: string, value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  throw new SegmentError(
    "invalid-image",
    `${place} must be a picture as a Buffer, but is ${describe(value)}. ${advice(value)}`,
  );
}

/** What a value is that should have been a picture, to follow "is". */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return "not there";
  if (Array.isArray(value)) return `an array of ${value.length} items`;
  return typeof value === "string" ? `a text (${preview(value)})` : `of type ${typeof value} (${preview(value)})`;
}

function advice(value: unknown): string {
  if (typeof value === "string") {
    return (
      "Let the node before give a Buffer (mqtt in: output a Buffer; file in: a single Buffer object; " +
      "http request: return a binary buffer), or turn base64 text into one with the base64 node."
    );
  }
  return "Choose in the dialog where the message carries the picture.";
}
