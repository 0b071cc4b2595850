/** The position of one caller in its order. */
export interface Slot {
  /** Resolves when all older slots of the key have left. */
  readonly turn: Promise<void>;
  readonly leave: () => void;
}

/** Keeps the order of callers by key. */
export class Order {
  readonly #last = new Map<string, Promise<void>>();

  /** Takes the last slot of a key. */
  enter(key: string): Slot {
    const turn = this.#last.get(key) ?? Promise.resolve();
    const { promise: left, resolve: leave } = deferred();
    const last = Promise.all([turn, left]).then(() => {
      if (this.#last.get(key) === last) this.#last.delete(key);
    });
    this.#last.set(key, last);
    return { turn, leave };
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
