import { RecentMap } from "../../src/async/recent-map";

const MAX_TOPICS = 1000;

/** The last picture of a topic. */
interface Last {
  sha256: string;
  /** Resolves to whether it could be used. Never rejects. */
  used: Promise<boolean>;
}

/** Remembers the last picture of each topic, for the 1000 topics that had one most recently. */
export class Repeats {
  readonly #last = new RecentMap<string, Last>(MAX_TOPICS);

  /**
   * Uses a topic's picture unless it is the same as the one before it. While that one is still in use, this one waits for
   * its end: when the use fails, this picture is used instead.
   * @returns whether it was used
   * @throws what `use` throws
   */
  async useOnce(topic: string, sha256: string, use: () => Promise<void>): Promise<boolean> {
    for (let last = this.#last.get(topic); last?.sha256 === sha256; last = this.#last.get(topic)) {
      if (await last.used) return false;
    }
    const work = use();
    const last: Last = { sha256, used: work.then(() => true, () => this.#forget(topic, last)) }; // prettier-ignore
    this.#last.set(topic, last);
    await work;
    return true;
  }

  /** The picture could not be used: when it comes again it is no repeat. */
  #forget(topic: string, last: Last): false {
    if (this.#last.peek(topic) === last) this.#last.delete(topic);
    return false;
  }
}

/** By node, so that it outlives a deploy, after which a broker sends its retained pictures again. */
const repeatsOfNodes = new Map<string, Repeats>();

/** The repeats of a node, also from before a deploy. */
export function repeatsOf(nodeId: string): Repeats {
  const repeats = repeatsOfNodes.get(nodeId) ?? new Repeats();
  repeatsOfNodes.set(nodeId, repeats);
  return repeats;
}

/** To be called when a node is removed or no longer skips repeats. */
export function forgetRepeats(nodeId: string): void {
  repeatsOfNodes.delete(nodeId);
}
