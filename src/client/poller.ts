import type { Job } from "../api";

/** Polls jobs until they have ended. */
export interface Poller {
  /** @param since when the wait for the job began, by `performance.now()` */
  add(jobId: number, since: number): void;
  remove(jobId: number): void;
}

/** Receives what a poller finds, and removes the jobs that have ended or failed. */
export interface PollListener {
  seen(job: Job): void;
  failed(jobIds: number[], error: unknown): void;
}
