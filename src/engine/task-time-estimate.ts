/** Weight of the latest duration in the running mean. */
const LATEST_SHARE = 0.25;

/** Estimates whether the waiting tasks can be done in time, or some of them must use the engine's fast form. */
export class TaskTimeEstimate {
  #meanMs = 0;

  /** @param limitMs how long tasks may wait */
  constructor(private readonly limitMs: number) {}

  /**
   * Records how long a task took in its full form. Do not record tasks in the fast form: they would lower the estimate.
   */
  note(ms: number): void {
    this.#meanMs = this.#meanMs === 0 ? ms : this.#meanMs + LATEST_SHARE * (ms - this.#meanMs);
  }

  /** Whether the waiting tasks, all in their full form, would take longer than the limit. */
  isBehind(waiting: number, workers: number): boolean {
    return (waiting * this.#meanMs) / workers > this.limitMs;
  }
}
