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
