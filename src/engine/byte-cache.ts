/** What a worker may keep of pictures: of sam 12 of 1024 x 768 or larger, 30 of 400 x 300. */
export const PICTURE_CACHE_BYTES = 176 * 2 ** 20;

/** Keeps the entries used last, up to a number of bytes. */
export class ByteCache<T> {
  /** A Map keeps the order of insertion: the first key is the one used longest ago. */
  readonly #entries = new Map<string, T>();
  #bytes = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly byteLength: (entry: T) => number,
  ) {}

  get keys(): string[] {
    return [...this.#entries.keys()];
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry;
  }

  set(key: string, entry: T): void {
    this.#drop(key);
    this.#entries.set(key, entry);
    this.#bytes += this.byteLength(entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.maxBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#bytes -= this.byteLength(entry);
    this.#entries.delete(key);
  }
}
