import type { StartedJob } from "../api";
import { cancelledError } from "./cancelled";
import { Semaphore } from "../async/semaphore";
import type { JobWaiter } from "./waiter";

/** For how long (ms) a job may hold up others: one that does not end must not do so for ever. */
export const LONGEST_JOB_MS = 600_000;

/** Holds jobs back, in the order of the calls, while as many as there are places are unfinished. */
export class JobSlots {
  readonly #slots: Semaphore;

  constructor(
    size: number,
    private readonly waiter: JobWaiter,
  ) {
    this.#slots = new Semaphore(size);
  }

  /**
   * Starts a job when there is a place for it. The place is free again when the job has ended, whoever waits for it.
   * @throws {SegmentError} `cancelled` when the signal aborts before there was a place; whatever `start` throws
   */
  run(signal: AbortSignal, start: () => Promise<StartedJob>): Promise<StartedJob> {
    return new Promise((resolve, reject) => {
      const occupy = async (): Promise<void> => {
        const started = start();
        started.then(resolve, reject);
        await started.then(({ jobId }) => this.#ended(jobId)).catch(() => undefined);
      };
      this.#slots
        .run(signal, occupy)
        .catch(() => reject(cancelledError("start a job, which was held back until others have ended")));
    });
  }

  async #ended(jobId: number): Promise<void> {
    await this.waiter.wait(jobId, { timeoutMs: LONGEST_JOB_MS });
  }
}
