import * as fs from "node:fs";
import { promisify } from "node:util";

/** Files by their descriptors: a `FileHandle` for each file weighs more than all else that a small write does. */
export const fd = {
  open: promisify(fs.open),
  stat: promisify(fs.fstat),
  truncate: promisify(fs.ftruncate),
  /** Waits for the disk to hold what was written and all that is known of the file. */
  sync: promisify(fs.fsync),
  /** Waits for the disk to hold what was written. */
  syncData: promisify(fs.fdatasync),
  close: promisify(fs.close),
  /** Writes a whole file that was just opened. */
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
