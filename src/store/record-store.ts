import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { z } from "zod";
import { isMissing, removeDurably, setAside, writeDurably } from "./durable";
import { damagedFolder, pathOf, visitFiles } from "./folders";
import { decodeRecord, encodeRecord } from "./record-file";
import { KeyedMutex } from "../async/keyed-mutex";

/**
 * Durable records in plain files, one record a file. A `put` that has resolved survives a crash or a power cut;
 * an interrupted one leaves the old record or the new one, never a mixture. Only one process at a time may open a folder.
 * Keys are any text of 1 to 1000 characters; values are what `v8.serialize` takes and `schema` accepts.
 */
export class RecordStore<T> {
  readonly #mutex = new KeyedMutex();
  #setAside = 0;

  private constructor(
    private readonly dir: string,
    private readonly schema: z.ZodType<T>,
  ) {}

  /**
   * Opens the store in `dir`, which is created if it is missing. Reads every record once and calls `onRecord` with it, in no
   * particular order. Temporary files that a crash has left, and damaged records, are moved into the folder `damaged` and
   * counted in `setAside`.
   */
  static async open<T>(
    dir: string,
    schema: z.ZodType<T>,
    onRecord: (value: T, key: string) => void = () => undefined,
  ): Promise<RecordStore<T>> {
    await mkdir(dir, { recursive: true });
    const store = new RecordStore(dir, schema);
    const temporary = await visitFiles(dir, async ({ path }) => {
      const record = await store.#read(path);
      if (record !== undefined) onRecord(record[1], record[0]);
    });
    store.#setAside += temporary;
    return store;
  }

  /** How many temporary or damaged files were moved away since the store was opened. */
  get setAside(): number {
    return this.#setAside;
  }

  /** Stores a value as it is now; later changes of the object don't matter. Resolves when it is on the disk. */
  put(key: string, value: T): Promise<void> {
    const path = this.#path(key);
    const bytes = encodeRecord(key, value);
    return this.#mutex.run(path, () => writeDurably(path, bytes));
  }

  /** The value last put under the key, or undefined. A damaged record is set aside and counts as missing. */
  async get(key: string): Promise<T | undefined> {
    return (await this.#read(this.#path(key)))?.[1];
  }

  /** Removes a record. Returns whether it existed. */
  remove(key: string): Promise<boolean> {
    const path = this.#path(key);
    return this.#mutex.run(path, () => removeDurably(path));
  }

  #path(key: string): string {
    if (key.length === 0 || key.length > 1000) throw new RangeError("a key has 1 to 1000 characters");
    // A hash is a safe file name on every system, whatever characters and case the key has.
    return pathOf(this.dir, createHash("sha256").update(key).digest("hex"));
  }

  #read(path: string): Promise<[string, T] | undefined> {
    return this.#mutex.run(path, async () => {
      let bytes: Buffer;
      try {
        bytes = await readFile(path);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
      const record = this.#decode(path, bytes);
      if (record === undefined) {
        await setAside(path, damagedFolder(this.dir));
        this.#setAside += 1;
      }
      return record;
    });
  }

  #decode(path: string, bytes: Buffer): [string, T] | undefined {
    try {
      const [key, value] = decodeRecord(bytes);
      const name = z.string().parse(key);
      return this.#path(name) === path ? [name, this.schema.parse(value)] : undefined;
    } catch {
      return undefined;
    }
  }
}
