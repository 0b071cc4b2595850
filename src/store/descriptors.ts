import * as fs from "node:fs";
import { promisify } from "node:util";

/** Files by their descriptors: allocating a `FileHandle` costs more than the rest of a small write. */
export const fd = {
  open: promisify(fs.open),
  stat: promisify(fs.fstat),
  truncate: promisify(fs.ftruncate),
  /** Waits until the data and all metadata of the file are on the disk. */
  sync: promisify(fs.fsync),
  /** Waits until the data are on the disk. */
  syncData: promisify(fs.fdatasync),
  close: promisify(fs.close),
  /** Writes the whole file; for a file that was just opened. */
  writeFile: promisify(fs.writeFile),
};

const read = promisify(fs.read);
const write = promisify(fs.write);

/** Reads `length` bytes from `position` on; fewer where the file ends. */
export async function readAt(descriptor: number, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await read(descriptor, buffer, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

/** Writes all bytes from `position` on. */
export async function writeAt(descriptor: number, position: number, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    done += (await write(descriptor, bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}
