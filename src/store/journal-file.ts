import { copyFile, link, mkdir, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fd, readAt, writeAt } from "./descriptors";
import { createFile, isMissing, removeIfThere, syncFolder, TEMPORARY_SUFFIX } from "./durable";
import { damagedFolder } from "./folders";
import { readEntries, type JournalEntry, type FileRange } from "./journal-entry";

/**
 * A file of entries. One call at a time. Its states:
 *
 * - *closed*: at first, and after `empty` or `rewrite`. -> open by `append`, `empty` or `rewrite`.
 * - *open*: whole entries only.
 * - *open with a rest*: a failed `append` has left bytes behind the entries, and they could not be cut off at once.
 *   -> open by the next `append`, which cuts them off first; -> closed by `empty` or `rewrite`, which drop them.
 */
export class JournalFile {
  #descriptor: number | undefined;
  #size = 0;
  /** Whether a failed write has left bytes behind the entries. */
  #hasRest = false;
  /** Whether the file's name is on the disk too. */
  #isNameSynced = false;

  constructor(private readonly path: string) {}

  /** Size of all entries in bytes. */
  get size(): number {
    return this.#size;
  }

  /** All entries of the file, see {@link readEntries}; none if it is missing. */
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
   * Appends entries; with `durably`, resolves when they are on the disk. If it fails, the file has the same entries as before.
   * @returns the position of the first one
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

  /** Removes all entries, and closes the file. Does not wait for the disk. */
  async empty(): Promise<void> {
    await fd.truncate(await this.#open(), 0);
    this.#size = 0;
    this.#hasRest = false;
    await this.#close();
  }

  /**
   * Before a rewrite: hard-links the damaged file into `damaged/`, replacing an earlier one. A link needs no space and reads
   * no bad sector; on a file system without links, the file is copied.
   */
  async keepDamaged(): Promise<void> {
    const folder = damagedFolder(dirname(this.path));
    const kept = join(folder, basename(this.path));
    await mkdir(folder, { recursive: true });
    await removeIfThere(kept);
    await link(this.path, kept).catch(() => copyFile(this.path, kept));
  }

  /**
   * Rewrites the file with only the entries in these ranges, and updates the ranges to their new positions. After a crash
   * or a failure, the file is either the old one or the new one.
   */
  async rewrite(ranges: readonly FileRange[]): Promise<void> {
    const temporary = `${this.path}${TEMPORARY_SUFFIX}`;
    try {
      await this.#copyTo(temporary, ranges);
      await this.#close(); // Windows reranges no open file
      await rename(temporary, this.path);
    } catch (error) {
      await removeIfThere(temporary);
      throw error;
    }
    this.#isNameSynced = false;
    this.#hasRest = false;
    this.#size = 0;
    for (const range of ranges) {
      range.position = this.#size;
      this.#size += range.length;
    }
  }

  async #copyTo(path: string, ranges: readonly FileRange[]): Promise<void> {
    const source = await this.#open();
    const target = await fd.open(path, "w", 0o600);
    try {
      let size = 0;
      for (const { position, length } of ranges) {
        const entry = await readAt(source, position, length);
        if (entry.length < length) throw new Error(`${this.path} is shorter than before`);
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
