/** A map with a limit: when there is too much in it, it forgets the entries that were used longest ago. */
export class RecentMap<K, V> {
  /** A Map keeps the order of insertion: the first entry is the one that was used longest ago. */
  readonly #entries = new Map<K, V>();
  #size = 0;

  /**
   * @param limit the largest sum of sizes
   * @param sizeOf the size of a value, which must not change; by default 1, so that the limit counts entries
   */
  constructor(
    private readonly limit: number,
    private readonly sizeOf: (value: V) => number = () => 1,
  ) {}

  /** The keys, the one that was used longest ago first. */
  get keys(): K[] {
    return [...this.#entries.keys()];
  }

  /** Reads an entry, which counts as its use. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  /** Reads an entry, which does not count as its use. */
  peek(key: K): V | undefined {
    return this.#entries.get(key);
  }

  set(key: K, value: V): void {
    this.delete(key);
    this.#entries.set(key, value);
    this.#size += this.sizeOf(value);
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.limit) break;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#size -= this.sizeOf(value);
  }
}
