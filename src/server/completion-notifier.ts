/** Lets requests wait until one of their jobs has ended. */
export class CompletionNotifier {
  readonly #waits = new Set<{ jobIds: ReadonlySet<number>; finish: () => void }>();

  /** Resolves when one of the jobs ends, after `ms`, or when `signal` is aborted, whichever is first. */
  any(jobIds: readonly number[], ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", finish);
        this.#waits.delete(wait);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      const wait = { jobIds: new Set(jobIds), finish };
      signal.addEventListener("abort", finish);
      this.#waits.add(wait);
    });
  }

  /** Tells that a job has ended. */
  ended(jobId: number): void {
    for (const wait of this.#waits) {
      if (wait.jobIds.has(jobId)) wait.finish();
    }
  }

  /** Ends all waits. */
  close(): void {
    for (const wait of this.#waits) wait.finish();
  }
}
