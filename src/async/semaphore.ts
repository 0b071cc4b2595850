import { onAbort } from "./abort";

/** Lets at most `size` pieces of work run at once; the others wait in order. */
export class Semaphore {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(readonly size: number) {
    this.#free = size;
  }

  /** Runs the work when it is its turn. Rejects if the signal aborts before that. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#acquire(signal);
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  async #acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        detach();
        resolve();
      };
      const detach = onAbort(signal, () => {
        this.#waiting.delete(enter);
        reject(new Error("aborted while waiting for its turn"));
      });
      this.#waiting.add(enter);
    });
  }

  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
    } else {
      this.#waiting.delete(next);
      next();
    }
  }
}
