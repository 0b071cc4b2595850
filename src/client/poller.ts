import type { Job } from "../api";

/** A way of looking at jobs until they end. */
export interface Poller {
  /** @param since when the wait for the job began, by `performance.now()` */
  add(jobId: number, since: number): void;
  remove(jobId: number): void;
}

/** Hears what a looker finds. It removes the jobs that have ended or failed. */
export interface PollListener {
  seen(job: Job): void;
  failed(jobIds: number[], error: unknown): void;
}
