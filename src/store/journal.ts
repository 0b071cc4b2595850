import type { z } from "zod";
import { encodeEntry, type FileRange } from "./journal-entry";
import { JournalFile } from "./journal-file";

/** A smaller file is not worth the work of writing it anew. */
const COMPACT_BYTES = 1_048_576;

/** The latest change of each key: its entry, or undefined where it was removed. */
type Changes = Map<string, Buffer | undefined>;

/**
 * Durable records that live briefly, in one file to which they are appended. What changes while the disk is busy is
 * written and synced together, so a crowd of records costs few file operations. A `put` that has resolved survives a
 * crash or a power cut. The file is emptied when no record is left, and written anew when most of it is of the past.
 * One process at a time may open it. Keys are any text; values are what `v8.serialize` takes and `schema` accepts.
 */
export class Journal<T> {
  readonly #file: JournalFile;
  /** Of the records that are on the disk. */
  readonly #places = new Map<string, FileRange>();
  #changes: Changes = new Map();
  /** The write that will take the changes. */
  #nextWrite: Promise<void> | undefined;
  /** Resolves when nothing is being written. Never rejects. */
  #writing: Promise<void> = Promise.resolve();
  #compactAt = COMPACT_BYTES;
  #setAside = 0;

  private constructor(path: string) {
    this.#file = new JournalFile(path);
  }

  /**
   * Opens the journal at `path`; file and folder are made by the first `put`. Every record is handed to `onRecord`, in no
   * particular order. If anything is no record, or none that `schema` accepts, it is counted in `setAside`, and the file
   * as it was is kept in the folder `damaged` beside it, in the place of the one before.
   * @throws {Error} that of the system, when the file is there and can't be opened
   */
  static async open<T>(
    path: string,
    schema: z.ZodType<T>,
    onRecord: (value: T, key: string) => void = () => undefined,
  ): Promise<Journal<T>> {
    const journal = new Journal<T>(path);
    const records = await journal.#read(schema);
    // Where that fails, as on a full disk, the file stays as it is: it can be read past the damage.
    if (journal.#setAside > 0) await journal.#repair().catch(() => undefined);
    for (const [key, value] of records) onRecord(value, key);
    return journal;
  }

  /** How many parts of the file, each between two records, could not be used when it was opened. */
  get setAside(): number {
    return this.#setAside;
  }

  /**
   * Stores a value as it is now; later changes of the object don't matter. Resolves when it is on the disk, or was
   * replaced or removed meanwhile; rejects when the disk refuses what was to be written together.
   * @throws {Error} at once when the value can't be serialized
   */
  put(key: string, value: T): Promise<void> {
    return this.#change(key, encodeEntry(key, value));
  }

  /**
   * Removes a record. The disk is not waited for: after a power cut the record may be there again. Rejects when the disk
   * refuses it; unless it is put anew, it is removed by the next write that succeeds.
   */
  remove(key: string): Promise<void> {
    return this.#change(key, undefined);
  }

  async #read(schema: z.ZodType<T>): Promise<Map<string, T>> {
    const records = new Map<string, T>();
    for (const [key, value] of await this.#readValues()) {
      const { data, success } = schema.safeParse(value);
      if (success) records.set(key, data);
      else this.#setAside += Number(this.#places.delete(key));
    }
    return records;
  }

  /** The last value of each key that has not been removed. */
  async #readValues(): Promise<Map<string, unknown>> {
    const values = new Map<string, unknown>();
    for await (const entry of this.#file.read()) {
      if (entry === "damaged") {
        this.#setAside += 1;
      } else if (entry.value === undefined) {
        values.delete(entry.key);
        this.#places.delete(entry.key);
      } else {
        values.set(entry.key, entry.value);
        this.#places.set(entry.key, entry.place);
      }
    }
    return values;
  }

  #change(key: string, entry: Buffer | undefined): Promise<void> {
    this.#changes.set(key, entry);
    return (this.#nextWrite ??= this.#writeNext());
  }

  async #writeNext(): Promise<void> {
    await this.#writing;
    const changes = this.#changes;
    this.#changes = new Map();
    this.#nextWrite = undefined;
    const written = this.#write(changes);
    this.#writing = written.then(() => this.#compact()).catch(() => undefined);
    return written;
  }

  async #write(changes: Changes): Promise<void> {
    const removed = [...changes.keys()].filter((key) => changes.get(key) === undefined && this.#places.has(key));
    const put = [...changes].flatMap(([key, entry]) => (entry === undefined ? [] : [{ key, entry }]));
    try {
      if (put.length > 0 || removed.length < this.#places.size) await this.#append(removed, put);
      else if (removed.length > 0) await this.#empty();
    } catch (error) {
      // A record that was not wanted any more must not come back by a full disk: the next write tries again.
      for (const key of removed) if (!this.#changes.has(key)) this.#changes.set(key, undefined);
      throw error;
    }
  }

  async #append(removed: string[], put: { key: string; entry: Buffer }[]): Promise<void> {
    if (removed.length + put.length === 0) return;
    const entries = [...put.map(({ entry }) => entry), ...removed.map((key) => encodeEntry(key, undefined))];
    let position = await this.#file.append(Buffer.concat(entries), put.length > 0);
    for (const { key, entry } of put) {
      this.#places.set(key, { position, length: entry.length });
      position += entry.length;
    }
    for (const key of removed) this.#places.delete(key);
  }

  async #empty(): Promise<void> {
    await this.#file.empty();
    this.#places.clear();
    this.#compactAt = COMPACT_BYTES;
  }

  /** Writes the file anew when most of it is of the past. */
  async #compact(): Promise<void> {
    const { size } = this.#file;
    if (size <= this.#compactAt) return;
    this.#compactAt = 2 * size; // while most of it is needed, or when it fails
    const needed = [...this.#places.values()].reduce((sum, { length }) => sum + length, 0);
    if (2 * needed < size) await this.#rewrite();
  }

  async #repair(): Promise<void> {
    await this.#file.keepDamaged();
    await this.#rewrite();
  }

  async #rewrite(): Promise<void> {
    await this.#file.rewrite([...this.#places.values()]);
    this.#compactAt = Math.max(COMPACT_BYTES, 2 * this.#file.size);
  }
}
