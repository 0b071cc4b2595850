/** The waits of one node, so that `msg.reset` can cancel them. */
export class Waits {
  readonly #waits = new Map<AbortController, number>();

  /** Counts a wait in; the controller that is returned aborts when the wait is cancelled. */
  enter(jobId: number): AbortController {
    const cancelled = new AbortController();
    this.#waits.set(cancelled, jobId);
    return cancelled;
  }

  leave(wait: AbortController): void {
    this.#waits.delete(wait);
  }

  /** Cancels the waits for one job, or all of them. */
  cancel(jobId?: number): void {
    for (const [wait, waitsFor] of this.#waits) if (jobId === undefined || jobId === waitsFor) wait.abort();
  }
}
