import { isUnreadable } from "./durable";
import { decodeRecord, encodeRecord, RECORD_MAGIC } from "./record-file";

const LENGTH_BYTES = 4;
const HEADER_BYTES = LENGTH_BYTES + RECORD_MAGIC.length;
/** A sector, as what stands beside a bad one must be found. */
const WINDOW_BYTES = 512;

/** Where an entry stands in the file, in bytes. */
export interface FileRange {
  position: number;
  length: number;
}

/** An entry of a journal as it was read. */
export interface JournalEntry {
  place: FileRange;
  key: string;
  /** Undefined where the key was removed. */
  value: unknown;
}

/**
 * The bytes of a journal's entry: the length of what follows (unsigned, 32 bits, big-endian), and a record as it
 * stands in a file of its own. The value `undefined` says that the key was removed.
 */
export function encodeEntry(key: string, value: unknown): Buffer {
  const record = encodeRecord(key, value);
  const length = Buffer.allocUnsafe(LENGTH_BYTES);
  length.writeUInt32BE(record.length);
  return Buffer.concat([length, record]);
}

/** Reads bytes of a file; fewer where it ends. */
type Read = (position: number, length: number) => Promise<Buffer>;

/**
 * Reads the first `size` bytes of a journal. For each stretch of them that is no whole entry, or can't be read, it
 * yields `"damaged"` once.
 */
export async function* readEntries(read: Read, size: number): AsyncGenerator<JournalEntry | "damaged"> {
  const readable: Read = (position, length) => read(position, length).catch(nothingIfUnreadable);
  let position = 0;
  let wasDamaged = false;
  while (position < size) {
    const entry = await readEntry(readable, position, size);
    if (entry !== undefined) yield entry;
    else if (!wasDamaged) yield "damaged";
    wasDamaged = entry === undefined;
    position = entry === undefined ? await nextEntry(readable, position + 1, size) : position + entry.place.length;
  }
}

async function readEntry(read: Read, position: number, size: number): Promise<JournalEntry | undefined> {
  const header = await read(position, HEADER_BYTES);
  if (header.length < HEADER_BYTES || !header.subarray(LENGTH_BYTES).equals(RECORD_MAGIC)) return undefined;
  const length = header.readUInt32BE();
  if (position + LENGTH_BYTES + length > size) return undefined;
  const record = await read(position + LENGTH_BYTES, length);
  try {
    const [key, value] = decodeRecord(record);
    const place = { position, length: LENGTH_BYTES + length };
    return typeof key === "string" ? { place, key, value } : undefined;
  } catch {
    return undefined;
  }
}

/** Where the next entry may begin, at `from` or behind; `size` when none does. */
async function nextEntry(read: Read, from: number, size: number): Promise<number> {
  let start = from + LENGTH_BYTES;
  while (start < size) {
    // A window ends where a sector does. They overlap, as the mark may stand across their border.
    const end = (Math.floor(start / WINDOW_BYTES) + 1) * WINDOW_BYTES;
    const window = await read(start, end - start + RECORD_MAGIC.length - 1);
    const found = window.indexOf(RECORD_MAGIC);
    if (found >= 0) return start + found - LENGTH_BYTES;
    start = end;
  }
  return size;
}

function nothingIfUnreadable(error: unknown): Buffer {
  if (isUnreadable(error)) return Buffer.alloc(0);
  throw error;
}
