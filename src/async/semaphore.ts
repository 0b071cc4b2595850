import { waitFor } from "./wait-for";

interface Options {
  /**
   * Milliseconds after which a piece of work no longer counts, though it goes on: one that is held back for minutes must
   * not hold up the others. No limit by default.
   */
  maxHoldMs?: number;
}

/**
 * Lets at most `size` pieces of work run at once; the others wait in order. Work that waits here costs next to nothing;
 * work that has begun holds memory, and a thousand pieces that begin in one go hold up the event loop.
 */
export class Semaphore {
  readonly #waiting = new Set<() => void>();
  #running = 0;

  /** @param size a number, or a function that is asked for it each time */
  constructor(
    private readonly size: number | (() => number),
    private readonly options: Options = {},
  ) {}

  /** Runs the work when it is its turn. Rejects if the signal aborts before that. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const release = await this.acquire(signal);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /**
   * Resolves when it is the caller's turn, to the function that ends the turn; to be called once or more. Rejects if the
   * signal aborts before that.
   */
  async acquire(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    this.#next(); // the size may have grown
    if (this.#isFull) await this.#turn(signal);
    else this.#running++;
    return this.#releaser();
  }

  get #isFull(): boolean {
    return this.#running >= (typeof this.size === "number" ? this.size : this.size());
  }

  /** Resolves when a slot is passed on to the caller. */
  #turn(signal: AbortSignal): Promise<undefined> {
    return waitFor<undefined>(
      ({ resolve }) => {
        const begin = (): void => resolve(undefined);
        this.#waiting.add(begin);
        return () => this.#waiting.delete(begin);
      },
      {
        signal,
        onAbort: () => {
          throw new Error("aborted while waiting for its turn");
        },
      },
    );
  }

  #releaser(): () => void {
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      clearTimeout(late);
      this.#running--;
      this.#next();
    };
    const { maxHoldMs } = this.options;
    const late = maxHoldMs === undefined ? undefined : setTimeout(release, maxHoldMs);
    return release;
  }

  /** Passes free slots on to those that wait. */
  #next(): void {
    for (const begin of this.#waiting) {
      if (this.#isFull) return;
      this.#running++;
      begin();
    }
  }
}
