import { readAt } from "./descriptors";
import { decodeRecord, encodeRecord, RECORD_MAGIC } from "./record-file";

const LENGTH_BYTES = 4;
const HEADER_BYTES = LENGTH_BYTES + RECORD_MAGIC.length;
const WINDOW_BYTES = 65_536;

/** Where an entry stands in the file, in bytes. */
export interface Place {
  position: number;
  length: number;
}

/** An entry of a journal as it was read. */
export interface JournalEntry {
  place: Place;
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

/** Reads the first `size` bytes of a journal. Between whole entries it yields `"damaged"`, once for each stretch that is none. */
export async function* readEntries(descriptor: number, size: number): AsyncGenerator<JournalEntry | "damaged"> {
  let position = 0;
  let isDamaged = false;
  while (position < size) {
    const entry = await readEntry(descriptor, position, size);
    if (entry === undefined) {
      if (!isDamaged) yield "damaged";
      position = await nextEntry(descriptor, position + 1);
    } else {
      yield entry;
      position += entry.place.length;
    }
    isDamaged = entry === undefined;
  }
}

async function readEntry(descriptor: number, position: number, size: number): Promise<JournalEntry | undefined> {
  const header = await readAt(descriptor, position, HEADER_BYTES);
  if (header.length < HEADER_BYTES || !header.subarray(LENGTH_BYTES).equals(RECORD_MAGIC)) return undefined;
  const length = header.readUInt32BE();
  if (position + LENGTH_BYTES + length > size) return undefined;
  const record = await readAt(descriptor, position + LENGTH_BYTES, length);
  try {
    const [key, value] = decodeRecord(record);
    const place = { position, length: LENGTH_BYTES + length };
    return typeof key === "string" ? { place, key, value } : undefined;
  } catch {
    return undefined;
  }
}

/** Where the next entry may begin, at `from` or behind; infinity when none does. */
async function nextEntry(descriptor: number, from: number): Promise<number> {
  for (let start = from; ; start += WINDOW_BYTES) {
    // Windows overlap, as the mark may stand across their border.
    const window = await readAt(descriptor, start + LENGTH_BYTES, WINDOW_BYTES + RECORD_MAGIC.length);
    const found = window.indexOf(RECORD_MAGIC);
    if (found >= 0) return start + found;
    if (window.length <= WINDOW_BYTES) return Infinity;
  }
}
