const MAX_TOPICS = 1000;

/** Knows the last picture of each topic, of the 1000 that had one last. */
export class Repeats {
  /** Hashes by topic, the topic that had a picture last at the end. */
  readonly #last = new Map<string, string>();

  /** Whether a topic's picture is the same as the one before it. From now on it is that one. */
  isRepeat(topic: string, sha256: string): boolean {
    const isRepeat = this.#last.get(topic) === sha256;
    this.#last.delete(topic);
    this.#last.set(topic, sha256);
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= MAX_TOPICS) break;
      this.#last.delete(oldest);
    }
    return isRepeat;
  }

  /** The picture could not be used: when it comes again it is no repeat. */
  forget(topic: string, sha256: string): void {
    if (this.#last.get(topic) === sha256) this.#last.delete(topic);
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
