/** A message's place among those of its topic. */
export interface Slot {
  /** Resolves when all older messages of the topic have left. */
  readonly turn: Promise<void>;
  leave(): void;
}

/** Keeps the order of messages by topic. */
export class Order {
  readonly #last = new Map<string, Promise<void>>();

  /** Takes the last place of a topic. */
  enter(topic: string): Slot {
    const turn = this.#last.get(topic) ?? Promise.resolve();
    const { promise: left, resolve: leave } = deferred();
    const last = Promise.all([turn, left]).then(() => {
      if (this.#last.get(topic) === last) this.#last.delete(topic);
    });
    this.#last.set(topic, last);
    return { turn, leave };
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
