/** How fast the client repeats, gives up and looks. Times are milliseconds unless the name says otherwise. */
export interface RetryDelays {
  /** The longest pause before the first repeat of a failed request; it doubles with every further one. */
  backoffMs: number;
  maxBackoffMs: number;
  /** How long a service may throttle one request before it fails as `overloaded`. */
  patienceMs: number;
  /** When a job is looked at for the first time, where the service can't hold a look until the job has ended. */
  firstPollMs: number;
  /** The shortest and the longest pause between two such looks at a job. */
  minPollMs: number;
  maxPollMs: number;
  /** For how long the service is asked to hold a look at many jobs. */
  holdSeconds: number;
  /** How long the client waits for the service to take note of uploaded bytes. */
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
