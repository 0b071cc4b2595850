/** Reports a topic for which no message has come for too long. Its timers don't keep Node-RED running. */
export class Silence<Topic> {
  readonly #timers = new Map<Topic, NodeJS.Timeout>();

  /**
   * @param milliseconds the longest time without a message; 0 for no limit
   * @param onSilent is called with the topic, and a function that says whether it is still silent at a later moment
   */
  constructor(
    private readonly milliseconds: number,
    private readonly onSilent: (topic: Topic, isStillSilent: () => boolean) => void,
  ) {}

  /** Counts from now on: a message has come. */
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
