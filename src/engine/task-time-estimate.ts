/** What the latest duration counts in the running mean. */
const LATEST_SHARE = 0.25;

/** Tells when more tasks wait than can be done in time, so that some of them must be done in a faster form. */
export class TaskTimeEstimate {
  #meanMs = 0;

  /** @param limitMs how long tasks may have to wait */
  constructor(private readonly limitMs: number) {}

  /** A task in its full form took this long. Those in the fast form do not count, or they would seem to be in time. */
  note(ms: number): void {
    this.#meanMs = this.#meanMs === 0 ? ms : this.#meanMs + LATEST_SHARE * (ms - this.#meanMs);
  }

  /** Whether that many tasks, if all were done in the full form, would take longer than the limit. */
  isBehind(waiting: number, workers: number): boolean {
    return (waiting * this.#meanMs) / workers > this.limitMs;
  }
}
