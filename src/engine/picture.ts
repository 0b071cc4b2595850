import { readFile } from "node:fs/promises";
import type sharp from "sharp";
import { errorText, MAX_PIXELS, SegmentError, type ImageSize } from "../api";
import type { Pixels } from "./pixels/pixels";

const SIGNATURES = {
  jpeg: Buffer.from([0xff, 0xd8, 0xff]),
  png: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
};

/** A picture whose header was checked. */
export interface Picture {
  /** The upright size. */
  size: ImageSize;
  /** Makes a pipeline that decodes it: upright, 8 bit sRGB, three channels, transparent parts on white. */
  pipeline(): sharp.Sharp;
}

/**
 * Loads sharp, an optional dependency.
 * @throws {SegmentError} `job-failed` with the command that installs it
 */
export function loadSharp(): typeof sharp {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when it is first needed: it may be missing
    return require("sharp") as typeof sharp;
  } catch (error) {
    const [reason] = errorText(error).trim().split("\n");
    throw new SegmentError(
      "job-failed",
      `Pictures can't be decoded: the package sharp is missing or has no build for this platform (${reason ?? ""}). ` +
        "In the folder in which this package was installed run: npm install sharp",
      { cause: error },
    );
  }
}

/**
 * Reads a JPEG or PNG file and checks its header. The type is judged by the content, never by the name.
 * @throws {SegmentError} `invalid-image` with a plain reason
 */
export async function openPicture(file: string): Promise<Picture> {
  const decode = loadSharp();
  const bytes = await readFile(file).catch((error: unknown) => {
    throw invalidImage(`The picture can't be read: ${errorText(error)}.`, error);
  });
  checkSignature(bytes);
  const size = await readUprightSize(decode(bytes, { limitInputPixels: false }));
  if (size.width * size.height > MAX_PIXELS) {
    throw invalidImage(
      `The picture is too large: ${size.width} x ${size.height} pixels, at most ${MAX_PIXELS / 1e6} megapixels are ` +
        "taken. Scale it down before it is uploaded.",
    );
  }
  return {
    size,
    pipeline: () =>
      decode(bytes, { failOn: "error", limitInputPixels: MAX_PIXELS })
        .autoOrient()
        .flatten({ background: "white" })
        .toColourspace("srgb"),
  };
}

/**
 * Decodes a picture at the given size.
 * @throws {SegmentError} `invalid-image` when the data is damaged or ends too early
 */
export async function decodePixels(picture: Picture, size: ImageSize): Promise<Pixels> {
  const scaled = picture.pipeline().resize(size.width, size.height, { fit: "fill", kernel: "linear" });
  const data = await scaled.raw().toBuffer().catch(throwDamaged);
  return { data, ...size };
}

/** Rethrows an error of sharp while it decodes a picture. */
export function throwDamaged(error: unknown): never {
  throw invalidImage(`The picture is damaged or not complete: ${firstLine(error)}.`, error);
}

function checkSignature(bytes: Buffer): void {
  if (bytes.length === 0) throw invalidImage("The picture is empty: its file has 0 bytes.");
  const known = Object.values(SIGNATURES).some((signature) => bytes.subarray(0, signature.length).equals(signature));
  if (known) return;
  const found = /^GIF8/.test(bytes.toString("latin1", 0, 4)) ? "a GIF" : "something else";
  throw invalidImage(`The file is not a JPEG or PNG picture: by its content it is ${found}, whatever its name says.`);
}

async function readUprightSize(image: sharp.Sharp): Promise<ImageSize> {
  try {
    return (await image.metadata()).autoOrient;
  } catch (error) {
    throw invalidImage(`The picture's header can't be read: ${firstLine(error)}.`, error);
  }
}

function invalidImage(message: string, cause?: unknown): SegmentError {
  return new SegmentError("invalid-image", message, { cause });
}

/** libvips repeats one error several times, a line each. */
function firstLine(error: unknown): string {
  const lines = errorText(error).split("\n");
  return (lines[0] ?? "").trim().replace(/[.:]$/, "");
}
