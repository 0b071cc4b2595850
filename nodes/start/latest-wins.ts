/** Of so many topics the newest message is known. */
const MAX_TOPICS = 1000;
/** An upload overtakes another by less (ms); a message that seems to be older still came after the clock was set back. */
const MOST_OVERTAKEN_MS = 60_000;

/** Lets one message of a topic be at work. Of those that come meanwhile only the newest waits. */
export class LatestWins {
  /** The topics that are at work, each with the message that waits. */
  readonly #topics = new Map<string, ((isItsTurn: boolean) => void) | undefined>();
  /** When the newest message of a topic was received, by topic, the one that had a message last at the end. */
  readonly #newest = new Map<string, number>();
  #skipped = 0;

  /** How many topics are at work. */
  get working(): number {
    return this.#topics.size;
  }

  /** How many messages had to make way for a newer one. */
  get skipped(): number {
    return this.#skipped;
  }

  /**
   * Resolves to true when it is the message's turn, to false when a newer one has taken its place or was here before.
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
    this.#newest.delete(topic);
    this.#newest.set(topic, receivedAt);
    for (const oldest of this.#newest.keys()) {
      if (this.#newest.size <= MAX_TOPICS) break;
      this.#newest.delete(oldest);
    }
    return false;
  }

  /** The work for the topic's message has ended: the one that waits takes its turn. */
  leave(topic: string): void {
    const next = this.#topics.get(topic);
    if (next === undefined) this.#topics.delete(topic);
    else this.#topics.set(topic, undefined);
    next?.(true);
  }
}
