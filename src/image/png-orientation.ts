const SIGNATURE_BYTES = 8;
/** Length, type and checksum around a chunk's data. */
const CHUNK_FRAME_BYTES = 12;
const ORIENTATION_TAG = 0x0112;
const TIFF_ENTRY_BYTES = 12;

/**
 * The EXIF orientation (1..8) in a PNG's eXIf chunk. Decoders rotate such a PNG as they rotate a JPEG, but
 * image-size reads EXIF of JPEGs only.
 * @returns undefined when there is none or it can't be read
 */
export function pngOrientation(png: Uint8Array): number | undefined {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  try {
    for (let at = SIGNATURE_BYTES; at < bytes.length; at += CHUNK_FRAME_BYTES + bytes.readUInt32BE(at)) {
      const type = bytes.toString("latin1", at + 4, at + 8);
      if (type === "eXIf") return tiffOrientation(bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at)));
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // a damaged chunk: its length points beyond the end
  }
  return undefined;
}

function tiffOrientation(tiff: Buffer): number | undefined {
  const littleEndian = tiff.toString("latin1", 0, 2) === "II";
  const uint16 = (at: number): number => (littleEndian ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const uint32 = (at: number): number => (littleEndian ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  const directory = uint32(4);
  for (let index = 0; index < uint16(directory); index++) {
    const entry = directory + 2 + index * TIFF_ENTRY_BYTES;
    if (uint16(entry) === ORIENTATION_TAG) return uint16(entry + 8);
  }
  return undefined;
}
