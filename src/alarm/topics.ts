import { NEW_ALARM, type Alarm } from "./alarm";

/** A message's topic; null for messages without one. */
export type Topic = string | null;

/** More alarms in one node are a mistake, such as a time in the topic. */
export const MAX_TOPICS = 1000;

/** The alarms of one node: one for each topic. */
export class AlarmTopics {
  readonly #alarms = new Map<Topic, Alarm>();

  /** The topics that have an alarm, that which has been silent longest first. */
  get topics(): Topic[] {
    return [...this.#alarms.keys()];
  }

  get alarms(): Alarm[] {
    return [...this.#alarms.values()];
  }

  /** The alarm of a topic, a new one when there is none. */
  get(topic: Topic): Alarm {
    return this.#alarms.get(topic) ?? NEW_ALARM;
  }

  /**
   * Puts an alarm in the place of the topic's old one.
   * @returns the topics that were forgotten for it: that of a silence before the first message; and when there are too
   *   many, the one that was `ok` and silent longest, else the one that was silent longest
   */
  set(topic: Topic, alarm: Alarm): Topic[] {
    this.#alarms.delete(topic); // so that it goes to the end
    const forgotten: Topic[] = [];
    if (this.#alarms.has(null) && !this.get(null).heard) forgotten.push(null);
    else if (this.#alarms.size >= MAX_TOPICS) forgotten.push(this.#dispensable());
    for (const each of forgotten) this.#alarms.delete(each);
    this.#alarms.set(topic, alarm);
    return forgotten;
  }

  #dispensable(): Topic {
    const { topics } = this;
    return topics.find((topic) => this.get(topic).state === "ok") ?? topics[0] ?? null;
  }
}
