import { RecentMap } from "../../src/async/recent-map";

/** Topics whose newest message is remembered. */
const MAX_TOPICS = 1000;
/** Older messages count as overtaken only within this time (ms); beyond it the clock has been set back. */
const MOST_OVERTAKEN_MS = 60_000;

/**
 * Lets one message of a topic be at work. Of those that come meanwhile only the newest waits. A topic is
 * - idle: the next message is at work at once;
 * - at work: the next message waits;
 * - at work with one that waits: the next message takes its slot, and the older one is skipped.
 *
 * When the work ends, the message that waits is at work; without one the topic is idle. A message whose picture was
 * received before that of the newest message is skipped in each state.
 */
export class LatestWins {
  /** The topics that are at work, each with the function that ends the wait of its waiting message. */
  readonly #topics = new Map<string, ((isItsTurn: boolean) => void) | undefined>();
  /** When the newest message of a topic was received, by topic. */
  readonly #newest = new RecentMap<string, number>(MAX_TOPICS);
  #skipped = 0;

  /** How many topics are at work. */
  get working(): number {
    return this.#topics.size;
  }

  /** How many messages were skipped for a newer one. */
  get skipped(): number {
    return this.#skipped;
  }

  /**
   * Resolves to true when it is the message's turn, and to false when it is skipped.
   * @param receivedAt when its picture was received, in milliseconds since 1970: uploads may overtake each other
   */
  enter(topic: string, receivedAt?: number): Promise<boolean> {
    if (receivedAt !== undefined && this.#isOvertaken(topic, receivedAt)) {
      this.#skipped++;
      return Promise.resolve(false);
    }
    if (!this.#topics.has(topic)) {
      this.#topics.set(topic, undefined);
      return Promise.resolve(true);
    }
    const older = this.#topics.get(topic);
    if (older !== undefined) this.#skipped++;
    older?.(false);
    return new Promise((resolve) => this.#topics.set(topic, resolve));
  }

  #isOvertaken(topic: string, receivedAt: number): boolean {
    const newest = this.#newest.get(topic) ?? -Infinity;
    if (receivedAt < newest && receivedAt > newest - MOST_OVERTAKEN_MS) return true;
    this.#newest.set(topic, receivedAt);
    return false;
  }

  /** The work for the topic's message has ended: the one that waits has its turn. */
  leave(topic: string): void {
    const next = this.#topics.get(topic);
    if (next === undefined) this.#topics.delete(topic);
    else this.#topics.set(topic, undefined);
    next?.(true);
  }
}
