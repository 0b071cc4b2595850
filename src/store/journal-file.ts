import { copyFile, link, mkdir, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fd, readAt, writeAt } from "./descriptors";
import { createFile, isMissing, removeIfThere, syncFolder, TEMPORARY_SUFFIX } from "./durable";
import { damagedFolder } from "./folders";
import { readEntries, type JournalEntry, type FileRange } from "./journal-entry";

/** A file of entries that grows at its end, is emptied, or written anew. One call at a time; it stays open until `empty` or `rewrite`. */
export class JournalFile {
  #descriptor: number | undefined;
  #size = 0;
  /** Whether a failed write has left something behind the entries. */
  #hasRest = false;
  /** Whether the disk holds the file's name, too. */
  #isNameSynced = false;

  constructor(private readonly path: string) {}

  /** Bytes that hold entries. */
  get size(): number {
    return this.#size;
  }

  /** All that the file holds, see {@link readEntries}; nothing when it is missing. */
  async *read(): AsyncGenerator<JournalEntry | "damaged"> {
    let descriptor: number;
    try {
      descriptor = await fd.open(this.path, "r");
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    try {
      this.#size = (await fd.stat(descriptor)).size;
      yield* readEntries((position, length) => readAt(descriptor, position, length), this.#size);
    } finally {
      await fd.close(descriptor);
    }
  }

  /**
   * Adds bytes, with `durably` to the disk. When that fails it holds the same entries as before.
   * @returns where they begin
   */
  async append(bytes: Uint8Array, durably: boolean): Promise<number> {
    const position = this.#size;
    const descriptor = await this.#open();
    if (this.#hasRest) await this.#cutRest(descriptor);
    this.#hasRest = true;
    try {
      await writeAt(descriptor, position, bytes);
      if (durably) await this.#sync(descriptor);
    } catch (error) {
      await this.#cutRest(descriptor).catch(() => undefined); // else before the next append
      throw error;
    }
    this.#hasRest = false;
    this.#size += bytes.length;
    return position;
  }

  /** Removes all entries, and closes the file. The disk is not waited for. */
  async empty(): Promise<void> {
    await fd.truncate(await this.#open(), 0);
    this.#size = 0;
    this.#hasRest = false;
    await this.#close();
  }

  /**
   * Keeps the file as it is in the folder `damaged`, in the place of the one before, when it is written anew. A second
   * name needs no space and no reading of a bad sector; where the file system has none, the file is copied.
   */
  async keepDamaged(): Promise<void> {
    const folder = damagedFolder(dirname(this.path));
    const kept = join(folder, basename(this.path));
    await mkdir(folder, { recursive: true });
    await removeIfThere(kept);
    await link(this.path, kept).catch(() => copyFile(this.path, kept));
  }

  /**
   * Writes the file anew with nothing but the entries at these places, which are moved to where they stand then. After a
   * crash, or when it fails, it is the old file or the new one.
   */
  async rewrite(places: readonly FileRange[]): Promise<void> {
    const temporary = `${this.path}${TEMPORARY_SUFFIX}`;
    try {
      await this.#copyTo(temporary, places);
      await this.#close(); // Windows replaces no open file
      await rename(temporary, this.path);
    } catch (error) {
      await removeIfThere(temporary);
      throw error;
    }
    this.#isNameSynced = false;
    this.#hasRest = false;
    this.#size = 0;
    for (const place of places) {
      place.position = this.#size;
      this.#size += place.length;
    }
  }

  async #copyTo(path: string, places: readonly FileRange[]): Promise<void> {
    const source = await this.#open();
    const target = await fd.open(path, "w", 0o600);
    try {
      let size = 0;
      for (const { position, length } of places) {
        const entry = await readAt(source, position, length);
        if (entry.length < length) throw new Error(`${this.path} is shorter than it was`);
        await writeAt(target, size, entry);
        size += length;
      }
      await fd.sync(target);
    } finally {
      await fd.close(target);
    }
  }

  async #cutRest(descriptor: number): Promise<void> {
    await fd.truncate(descriptor, this.#size);
    this.#hasRest = false;
  }

  async #sync(descriptor: number): Promise<void> {
    await fd.syncData(descriptor);
    if (this.#isNameSynced) return;
    await syncFolder(dirname(this.path));
    this.#isNameSynced = true;
  }

  async #open(): Promise<number> {
    try {
      return (this.#descriptor ??= await fd.open(this.path, "r+"));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    this.#isNameSynced = false;
    return (this.#descriptor = await createFile(this.path));
  }

  async #close(): Promise<void> {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) await fd.close(descriptor);
  }
}
