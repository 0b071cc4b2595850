/** Reads facts of an encoded picture from its bytes, without decoding pixels. Imports nothing of ours. */
import { createHash, webcrypto } from "node:crypto";
import { imageSize } from "image-size";
import { pngOrientation } from "./png-orientation";

/** Facts of an encoded picture. */
export interface ImageInfo {
  mimeType: "image/jpeg" | "image/png";
  /** Width in pixels of the upright picture (EXIF orientation applied). */
  width: number;
  /** Height in pixels of the upright picture (EXIF orientation applied). */
  height: number;
  /** Hex sha256 of the bytes. */
  sha256: string;
}

/** The bytes are not a picture that can be used; the message says why. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}

const MIME_TYPES = { jpg: "image/jpeg", png: "image/png" } as const;
/** Headers end long before this. More bytes would only let garbage block the event loop longer. */
const HEADER_BYTES = 1024 * 1024;
/** Larger pictures are hashed on another thread, as they would block the event loop. */
const LARGE_BYTES = 1024 * 1024;

/**
 * Reads type (by content, never by name), upright size and hash of a JPEG or PNG. The bytes are not changed.
 * @throws {ImageError} for no bytes, another format, or a header that can't be read
 */
export async function readImageInfo(bytes: Uint8Array): Promise<ImageInfo> {
  if (bytes.length === 0) throw new ImageError("the picture is empty (0 bytes)");
  const header = bytes.subarray(0, jpegMetadataBytes(bytes) + HEADER_BYTES);
  const { type, width, height, orientation } = readHeader(header);
  if (type !== "jpg" && type !== "png") throw new ImageError(`the picture is ${type}: send a JPEG or a PNG`);
  if (width === 0 || height === 0) throw new ImageError(`the picture's header says ${width} × ${height} pixels`);

  const turned = isQuarterTurn(type === "png" ? pngOrientation(header) : orientation);
  return {
    mimeType: MIME_TYPES[type],
    width: turned ? height : width,
    height: turned ? width : height,
    sha256: await sha256(bytes),
  };
}

/** Length of a JPEG's metadata segments; 0 for other formats. Thermal cameras write megabytes of them. */
function jpegMetadataBytes(bytes: Uint8Array): number {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 2;
  while (at + 4 <= bytes.length && isMetadataMarker(view.getUint16(at))) at += 2 + view.getUint16(at + 2);
  return at;
}

/** APP0..APP15 and comments. */
function isMetadataMarker(marker: number): boolean {
  return (marker >= 0xffe0 && marker <= 0xffef) || marker === 0xfffe;
}

async function sha256(bytes: Uint8Array): Promise<string> {
  if (bytes.length <= LARGE_BYTES) return createHash("sha256").update(bytes).digest("hex");
  return Buffer.from(await webcrypto.subtle.digest("SHA-256", bytes)).toString("hex");
}

function readHeader(header: Uint8Array): { type: string; width: number; height: number; orientation?: number } {
  try {
    const { type = "of an unknown format", ...size } = imageSize(header);
    return { type, ...size };
  } catch (error) {
    throw new ImageError("the bytes are no JPEG or PNG, or their header is damaged", { cause: error });
  }
}

/** EXIF orientations 5 to 8 turn the picture by 90°, so width and height are swapped. */
function isQuarterTurn(orientation: number | undefined): boolean {
  return orientation !== undefined && orientation >= 5 && orientation <= 8;
}
