import type { z } from "zod";
import { encodeEntry, type FileRange } from "./journal-entry";
import { JournalFile } from "./journal-file";

/** A smaller file is not worth rewriting. */
const COMPACT_BYTES = 1_048_576;

/** The latest change of each key: its entry, or undefined if it was removed. */
type Changes = Map<string, Buffer | undefined>;

/**
 * Durable records with a short life, in one file to which they are appended. A `put` that has resolved survives a crash or
 * a power cut. Only one process at a time may open the file. Keys are any text; values are what `v8.serialize` takes and
 * `schema` accepts.
 *
 * States of the writing:
 * - *idle* -> writing, with the next change.
 * - *writing*: one write or sync is under way. Changes that come meanwhile are collected, and the next write takes all of
 *   them together, so that many records cost few file operations. -> compacting.
 * - *compacting*: the file is rewritten if less than half of it is needed. -> writing if changes were collected, else idle.
 *
 * States of the file: *missing* until the first `put`; *growing* by each write; *emptied* when no record is left;
 * *rewritten* by compacting, or at `open` if it was damaged.
 */
export class Journal<T> {
  readonly #file: JournalFile;
  /** The ranges of the records that are on the disk. */
  readonly #ranges = new Map<string, FileRange>();
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
   * Opens the journal at `path`; the first `put` creates file and folder. Calls `onRecord` with every record, in no particular
   * order. Damaged parts, and records that `schema` refuses, are counted in `setAside`; the file is then kept in the folder
   * `damaged` beside it, replacing an earlier one.
   * @throws {Error} that of the system, when the file exists and can't be opened
   */
  static async open<T>(
    path: string,
    schema: z.ZodType<T>,
    onRecord: (value: T, key: string) => void = () => undefined,
  ): Promise<Journal<T>> {
    const journal = new Journal<T>(path);
    const records = await journal.#read(schema);
    // If that fails, as on a full disk, the file stays as it is: it is readable in spite of the damage.
    if (journal.#setAside > 0) await journal.#repair().catch(() => undefined);
    for (const [key, value] of records) onRecord(value, key);
    return journal;
  }

  /** Number of parts of the file that were unusable when it was opened. */
  get setAside(): number {
    return this.#setAside;
  }

  /**
   * Stores a value as it is now; later changes of the object don't matter. Resolves when it is on the disk, or has been
   * replaced or removed meanwhile; rejects when the write that contains it fails.
   * @throws {Error} at once when the value can't be serialized
   */
  put(key: string, value: T): Promise<void> {
    return this.#change(key, encodeEntry(key, value));
  }

  /**
   * Removes a record. Does not wait for the disk: after a power cut the record may exist again. Rejects when the write
   * fails; the next write that succeeds removes the record, unless it was put again.
   */
  remove(key: string): Promise<void> {
    return this.#change(key, undefined);
  }

  async #read(schema: z.ZodType<T>): Promise<Map<string, T>> {
    const records = new Map<string, T>();
    for (const [key, value] of await this.#readValues()) {
      const { data, success } = schema.safeParse(value);
      if (success) records.set(key, data);
      else this.#setAside += Number(this.#ranges.delete(key));
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
        this.#ranges.delete(entry.key);
      } else {
        values.set(entry.key, entry.value);
        this.#ranges.set(entry.key, entry.range);
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
    const removed = [...changes.keys()].filter((key) => changes.get(key) === undefined && this.#ranges.has(key));
    const put = [...changes].flatMap(([key, entry]) => (entry === undefined ? [] : [{ key, entry }]));
    try {
      if (put.length > 0 || removed.length < this.#ranges.size) await this.#append(removed, put);
      else if (removed.length > 0) await this.#empty();
    } catch (error) {
      // A full disk must not bring a removed record back: the next write tries again.
      for (const key of removed) if (!this.#changes.has(key)) this.#changes.set(key, undefined);
      throw error;
    }
  }

  async #append(removed: string[], put: { key: string; entry: Buffer }[]): Promise<void> {
    if (removed.length + put.length === 0) return;
    const entries = [...put.map(({ entry }) => entry), ...removed.map((key) => encodeEntry(key, undefined))];
    let position = await this.#file.append(Buffer.concat(entries), put.length > 0);
    for (const { key, entry } of put) {
      this.#ranges.set(key, { position, length: entry.length });
      position += entry.length;
    }
    for (const key of removed) this.#ranges.delete(key);
  }

  async #empty(): Promise<void> {
    await this.#file.empty();
    this.#ranges.clear();
    this.#compactAt = COMPACT_BYTES;
  }

  /** Rewrites the file when less than half of it is needed. */
  async #compact(): Promise<void> {
    const { size } = this.#file;
    if (size <= this.#compactAt) return;
    this.#compactAt = 2 * size; // applies while most of it is needed, or if the rewrite fails
    const needed = [...this.#ranges.values()].reduce((sum, { length }) => sum + length, 0);
    if (2 * needed < size) await this.#rewrite();
  }

  async #repair(): Promise<void> {
    await this.#file.keepDamaged();
    await this.#rewrite();
  }

  async #rewrite(): Promise<void> {
    await this.#file.rewrite([...this.#ranges.values()]);
    this.#compactAt = Math.max(COMPACT_BYTES, 2 * this.#file.size);
  }
}
