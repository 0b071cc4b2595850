const MAX_TOPICS = 1000;

/** A topic's last picture. */
interface Last {
  sha256: string;
  /** Resolves to whether it could be used. Never rejects. */
  used: Promise<boolean>;
}

/** Knows the last picture of each topic, of the 1000 that had one last. */
export class Repeats {
  /** By topic, the topic that had a picture last at the end. */
  readonly #last = new Map<string, Last>();

  /**
   * Uses a topic's picture unless it is the same as the one before it. While that one is being used its end is waited
   * for: when it fails, this one is used in its place.
   * @returns whether it was used
   * @throws what `use` throws
   */
  async useOnce(topic: string, sha256: string, use: () => Promise<void>): Promise<boolean> {
    for (let last = this.#last.get(topic); last?.sha256 === sha256; last = this.#last.get(topic)) {
      this.#keep(topic, last);
      if (await last.used) return false;
    }
    const work = use();
    const last: Last = { sha256, used: work.then(() => true, () => this.#forget(topic, last)) }; // prettier-ignore
    this.#keep(topic, last);
    await work;
    return true;
  }

  #keep(topic: string, last: Last): void {
    this.#last.delete(topic);
    this.#last.set(topic, last);
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= MAX_TOPICS) break;
      this.#last.delete(oldest);
    }
  }

  /** The picture could not be used: when it comes again it is no repeat. */
  #forget(topic: string, last: Last): false {
    if (this.#last.get(topic) === last) this.#last.delete(topic);
    return false;
  }
}

/** By node, so that it outlives a deploy: then a broker sends its retained pictures anew. */
const repeatsOfNodes = new Map<string, Repeats>();

/** What a node knows, also from before a deploy. */
export function repeatsOf(nodeId: string): Repeats {
  const repeats = repeatsOfNodes.get(nodeId) ?? new Repeats();
  repeatsOfNodes.set(nodeId, repeats);
  return repeats;
}

/** A node is gone, or no longer asks. */
export function forgetRepeats(nodeId: string): void {
  repeatsOfNodes.delete(nodeId);
}
