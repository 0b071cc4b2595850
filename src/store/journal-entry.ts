import { isUnreadable } from "./durable";
import { decodeRecord, encodeRecord, RECORD_MAGIC } from "./record-file";

const LENGTH_BYTES = 4;
const HEADER_BYTES = LENGTH_BYTES + RECORD_MAGIC.length;
/** The size of a sector, so that entries beside a bad one are found. */
const WINDOW_BYTES = 512;

/** The range of an entry in the file, in bytes. */
export interface FileRange {
  position: number;
  length: number;
}

/** An entry of a journal as it was read. */
export interface JournalEntry {
  range: FileRange;
  key: string;
  /** Undefined if the key was removed. */
  value: unknown;
}

/**
 * The bytes of a journal's entry: the length of what follows (unsigned, 32 bits, big-endian), and a record in
 * the form of a record's file. The value `undefined` means that the key was removed.
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
 * Reads the first `size` bytes of a journal. Yields `"damaged"` once for each stretch that is unreadable or contains no
 * whole entry.
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
    position = entry === undefined ? await nextEntry(readable, position + 1, size) : position + entry.range.length;
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
    const range = { position, length: LENGTH_BYTES + length };
    return typeof key === "string" ? { range, key, value } : undefined;
  } catch {
    return undefined;
  }
}

/** The first position from `from` on at which an entry may begin; `size` if there is none. */
async function nextEntry(read: Read, from: number, size: number): Promise<number> {
  let start = from + LENGTH_BYTES;
  while (start < size) {
    // Each window ends at the end of a sector. Windows overlap, as the magic may cross their border.
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
