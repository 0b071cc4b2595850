import { waitFor } from "../async/wait-for";

/** Lets requests wait until one of their jobs has ended. */
export class CompletionNotifier {
  readonly #waits = new Set<{ jobIds: ReadonlySet<number>; finish: () => void }>();

  /** Resolves when one of the jobs ends, after `ms`, or when `signal` is aborted, whichever is first. */
  any(jobIds: readonly number[], ms: number, signal: AbortSignal): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return waitFor<undefined>(
      ({ resolve }) => {
        const wait = { jobIds: new Set(jobIds), finish: () => resolve(undefined) };
        this.#waits.add(wait);
        return () => this.#waits.delete(wait);
      },
      { signal, ms, onAbort: () => undefined },
    );
  }

  /** Reports that a job has ended. */
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
