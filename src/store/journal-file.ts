import { rename } from "node:fs/promises";
import { dirname } from "node:path";
import { fd, readAt, writeAt } from "./descriptors";
import { createFile, isMissing, setAside, syncFolder, TEMPORARY_SUFFIX } from "./durable";
import { damagedFolder } from "./folders";
import { readEntries, type JournalEntry, type Place } from "./journal-entry";

/** A file of entries that grows at its end, is emptied, or written anew. One call at a time; it stays open until `empty`. */
export class JournalFile {
  #descriptor: number | undefined;
  #size = 0;

  constructor(private readonly path: string) {}

  /** Bytes that hold entries. What a failed write has left behind them does not count. */
  get size(): number {
    return this.#size;
  }

  /** All that the file holds, see {@link readEntries}; nothing when it is missing. */
  async *read(): AsyncGenerator<JournalEntry | "damaged"> {
    try {
      const descriptor = (this.#descriptor = await fd.open(this.path, "r+"));
      this.#size = (await fd.stat(descriptor)).size;
      yield* readEntries(descriptor, this.#size);
    } catch (error) {
      if (!isMissing(error)) throw error;
    } finally {
      await this.#close();
    }
  }

  /**
   * Adds bytes, with `durably` to the disk. When that fails the file is as before.
   * @returns where they begin
   */
  async append(bytes: Uint8Array, durably: boolean): Promise<number> {
    const position = this.#size;
    const descriptor = await this.#open();
    try {
      await writeAt(descriptor, position, bytes);
      if (durably) await fd.syncData(descriptor);
    } catch (error) {
      await fd.truncate(descriptor, position).catch(() => undefined); // what was refused must not come back
      throw error;
    }
    this.#size += bytes.length;
    return position;
  }

  async empty(): Promise<void> {
    await fd.truncate(await this.#open(), 0);
    this.#size = 0;
    await this.#close();
  }

  /**
   * Writes the file anew with nothing but the entries at these places, which are moved to where they stand then. After a
   * crash it is the old file or the new one.
   * @param keepsOld moves the old one into the folder `damaged`
   */
  async rewrite(places: readonly Place[], keepsOld = false): Promise<void> {
    const temporary = `${this.path}${TEMPORARY_SUFFIX}`;
    await this.#copyTo(temporary, places);
    await this.#close(); // Windows replaces no open file
    if (keepsOld) await setAside(this.path, damagedFolder(dirname(this.path)));
    await rename(temporary, this.path);
    this.#size = 0;
    for (const place of places) {
      place.position = this.#size;
      this.#size += place.length;
    }
    await syncFolder(dirname(this.path));
  }

  async #copyTo(path: string, places: readonly Place[]): Promise<void> {
    const target = await fd.open(path, "w", 0o600);
    try {
      let size = 0;
      for (const { position, length } of places) {
        await writeAt(target, size, await readAt(await this.#open(), position, length));
        size += length;
      }
      await fd.sync(target);
    } finally {
      await fd.close(target);
    }
  }

  async #open(): Promise<number> {
    return (this.#descriptor ??= await openOrCreate(this.path));
  }

  async #close(): Promise<void> {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) await fd.close(descriptor);
  }
}

async function openOrCreate(path: string): Promise<number> {
  try {
    return await fd.open(path, "r+");
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const descriptor = await createFile(path);
  await syncFolder(dirname(path));
  return descriptor;
}
