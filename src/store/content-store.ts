import { createHash } from "node:crypto";
import { mkdir, stat } from "node:fs/promises";
import { removeDurably, writeDurably } from "./durable";
import { pathOf, visitFiles } from "./folders";
import { KeyedMutex } from "../async/keyed-mutex";

const SHA256 = /^[0-9a-f]{64}$/;

/** The name of bytes in a ContentStore: their sha256 in 64 hex digits. */
export function contentHash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Durable files, named by their content, so that the same bytes are stored once. Only one process at a time may open a folder. */
export class ContentStore {
  readonly #mutex = new KeyedMutex();
  readonly #sizes = new Map<string, number>();
  #totalBytes = 0;
  #setAside = 0;

  private constructor(private readonly dir: string) {}

  /** Opens the store in `dir`, which is created if it is missing. Temporary files that a crash has left are set aside. */
  static async open(dir: string): Promise<ContentStore> {
    await mkdir(dir, { recursive: true });
    const store = new ContentStore(dir);
    store.#setAside = await visitFiles(dir, async ({ path, name }) => {
      if (SHA256.test(name)) store.#enter(name, (await stat(path)).size);
    });
    return store;
  }

  /** How many temporary files were moved away when the store was opened. */
  get setAside(): number {
    return this.#setAside;
  }

  /** Total size of all contents in bytes. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Stores the bytes and returns their name. Resolves when they are on the disk. */
  async put(bytes: Uint8Array): Promise<string> {
    const name = contentHash(bytes);
    await this.#mutex.run(name, async () => {
      if (this.#sizes.has(name)) return;
      await writeDurably(this.path(name), bytes);
      this.#enter(name, bytes.length);
    });
    return name;
  }

  /** The path of the content of that name, whether it exists or not. */
  path(name: string): string {
    if (!SHA256.test(name)) throw new RangeError("a content is named by 64 hex digits");
    return pathOf(this.dir, name);
  }

  /** The size in bytes of the content of that name, or undefined when there is none. */
  size(name: string): number | undefined {
    return this.#sizes.get(name);
  }

  /** The names of all contents. */
  names(): string[] {
    return [...this.#sizes.keys()];
  }

  /** Removes a content. Returns whether it existed. */
  remove(name: string): Promise<boolean> {
    const path = this.path(name);
    return this.#mutex.run(name, async () => {
      const found = await removeDurably(path);
      this.#totalBytes -= this.#sizes.get(name) ?? 0;
      this.#sizes.delete(name);
      return found;
    });
  }

  #enter(name: string, bytes: number): void {
    this.#sizes.set(name, bytes);
    this.#totalBytes += bytes;
  }
}
