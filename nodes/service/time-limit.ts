/** A time limit, on the monotonic clock. */
export class TimeLimit {
  readonly #since = performance.now();

  /** @param ms milliseconds from now on; 0 for no limit */
  constructor(private readonly ms: number) {}

  /** Milliseconds that are left, 1 when the time is over; 0 when there is no limit. */
  get left(): number {
    if (this.ms === 0) return 0;
    return Math.max(1, Math.ceil(this.#since + this.ms - performance.now()));
  }
}
