import type { StartedJob } from "../api";
import { cancelledError } from "./cancelled";
import { Semaphore } from "../async/semaphore";
import type { JobWaiter } from "./waiter";

/** How long (ms) a job may occupy its slot: one that does not end must not hold up others for ever. */
export const LONGEST_JOB_MS = 600_000;

/** Limits the unfinished jobs: starts wait, in the order of the calls, for a free slot. */
export class JobSlots {
  readonly #slots: Semaphore;

  constructor(
    size: number,
    private readonly waiter: JobWaiter,
  ) {
    this.#slots = new Semaphore(size);
  }

  /**
   * Starts a job when a slot is free. The slot is free again when the job has ended, whether or not a caller waits for it.
   * @throws {SegmentError} `cancelled` when the signal aborts before a slot is free; whatever `start` throws
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
