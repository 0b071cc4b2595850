/** Pictures for tests, made by sharp. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import sharp from "sharp";

export interface Colour {
  r: number;
  g: number;
  b: number;
}

export const WHITE: Colour = { r: 255, g: 255, b: 255 };
export const BLACK: Colour = { r: 0, g: 0, b: 0 };

/** A picture of one colour, as a sharp pipeline. */
export function plain(width: number, height: number, background: Colour = WHITE): sharp.Sharp {
  return sharp({ create: { width, height, channels: 3, background } });
}

/** A black picture of which a part, given in pixels, is white. */
export function whitePart(
  width: number,
  height: number,
  part: { left: number; top: number; width: number; height: number },
): sharp.Sharp {
  const input = { create: { width: part.width, height: part.height, channels: 3 as const, background: WHITE } };
  return plain(width, height, BLACK).composite([{ input, left: part.left, top: part.top }]);
}

/** Writes a file and returns its path. */
export async function save(folder: string, name: string, picture: sharp.Sharp | Uint8Array): Promise<string> {
  const file = join(folder, name);
  writeFileSync(file, picture instanceof Uint8Array ? picture : await picture.toBuffer());
  return file;
}

export function sha256Of(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** A PNG of a few bytes whose header promises a picture of that size. */
export function pngBomb(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bit RGB
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.alloc(1000))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** The checksum of PNG's chunks. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
