/** Tells when no message has come for a topic for too long. Its timers don't keep Node-RED running. */
export class Silence<Topic> {
  readonly #timers = new Map<Topic, NodeJS.Timeout>();

  /**
   * @param milliseconds how long is too long; 0 for never
   * @param onSilent is called with the topic, and whether that still holds at a later moment
   */
  constructor(
    private readonly milliseconds: number,
    private readonly onSilent: (topic: Topic, isStillSilent: () => boolean) => void,
  ) {}

  /** Counts from now on. */
  restart(topic: Topic): void {
    if (this.milliseconds === 0) return;
    this.stop(topic);
    const timer = setTimeout(
      () => this.onSilent(topic, () => this.#timers.get(topic) === timer),
      this.milliseconds,
    ).unref();
    this.#timers.set(topic, timer);
  }

  stop(topic: Topic): void {
    clearTimeout(this.#timers.get(topic));
    this.#timers.delete(topic);
  }

  stopAll(): void {
    for (const topic of this.#timers.keys()) this.stop(topic);
  }
}
