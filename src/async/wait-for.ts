import { onAbort } from "./abort";
import { startDeadline } from "./deadline";

/** Ends a wait. Only the first call counts. */
export interface PendingWait<T> {
  resolve: (value: T) => void;
  reject: (error: Error) => void;
}

/** What bounds a wait. The functions return its result, or throw its error. */
export interface Bounds<T> {
  signal: AbortSignal | undefined;
  onAbort: () => T;
  /** Milliseconds; undefined for no limit. */
  ms?: number | undefined;
  /** By default as `onAbort`. */
  onTimeout?: () => T;
}

/**
 * Waits until the wait is ended, the signal aborts or the time is over, whichever comes first. Afterwards nothing is left
 * of it: no timer, no listener, and `leave` has been called.
 * @param register hands out the wait and returns `leave`, which takes it back; not called when the signal is already
 *   aborted
 */
export function waitFor<T>(register: (wait: PendingWait<T>) => () => void, bounds: Bounds<T>): Promise<T> {
  const { signal, ms, onTimeout = bounds.onAbort } = bounds;
  return new Promise<T>((resolve, reject) => {
    const ending = new Ending();
    const endBy = (result: () => T): void => ending.end(() => resolve(Promise.resolve().then(result)));
    if (signal?.aborted === true) {
      endBy(bounds.onAbort);
      return;
    }
    const leave = register({
      resolve: (value) => ending.end(() => resolve(value)),
      reject: (error) => ending.end(() => reject(error)),
    });
    ending.atEnd(leave);
    if (ms !== undefined) ending.atEnd(startDeadline(ms, () => endBy(onTimeout)));
    ending.atEnd(onAbort(signal, () => endBy(bounds.onAbort)));
  });
}

/** The end of a wait: it comes once, and runs the actions that clean up. */
class Ending {
  readonly #leftToDo: (() => void)[] = [];
  #isOver = false;

  /** Does something at the end; at once when that is over. */
  atEnd(action: () => void): void {
    if (this.#isOver) action();
    else this.#leftToDo.push(action);
  }

  end(settle: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const action of this.#leftToDo) action();
    settle();
  }
}
