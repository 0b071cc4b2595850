/** How fast the client repeats requests, gives up and polls. In milliseconds, unless the name says otherwise. */
export interface RetryDelays {
  /** The longest pause before the first repeat of a failed request; it doubles with each repeat. */
  backoffMs: number;
  maxBackoffMs: number;
  /** How long a service may throttle one request before it fails as `overloaded`. */
  patienceMs: number;
  /** The pause before the first poll of a job by a service that can't hold a poll until the job has ended. */
  firstPollMs: number;
  /** The shortest and the longest pause between two such polls of a job. */
  minPollMs: number;
  maxPollMs: number;
  /** How long the service is asked to hold a poll of many jobs. */
  holdSeconds: number;
  /** How long the client waits until the service has registered uploaded bytes. */
  uploadMs: number;
}

export const DEFAULT_RETRY_DELAYS: Readonly<RetryDelays> = {
  backoffMs: 500,
  maxBackoffMs: 30_000,
  patienceMs: 600_000,
  firstPollMs: 400,
  minPollMs: 1000,
  maxPollMs: 10_000,
  holdSeconds: 20,
  uploadMs: 60_000,
};
