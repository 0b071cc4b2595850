import { NEW_ALARM, type Alarm } from "./alarm";

/** A message's topic; null for messages without one. */
export type Topic = string | null;

/** More alarms in one node are a mistake, such as a time in the topic. */
export const MAX_TOPICS = 1000;

/** The alarms of one node: one for each topic. */
export class AlarmTopics {
  readonly #alarms = new Map<Topic, Alarm>();

  /** The topics that have an alarm, the one silent longest first. */
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
   * Replaces the alarm of a topic.
   * @returns the topics that were dropped for it: that of a silence before the first message; and when there are too many,
   *   the topic silent longest of those that are `ok`, else of all
   */
  set(topic: Topic, alarm: Alarm): Topic[] {
    this.#alarms.delete(topic); // so that it goes to the end
    const dropped: Topic[] = [];
    if (this.#alarms.has(null) && !this.get(null).received) dropped.push(null);
    else if (this.#alarms.size >= MAX_TOPICS) dropped.push(this.#dispensable());
    for (const each of dropped) this.#alarms.delete(each);
    this.#alarms.set(topic, alarm);
    return dropped;
  }

  #dispensable(): Topic {
    const { topics } = this;
    return topics.find((topic) => this.get(topic).state === "ok") ?? topics[0] ?? null;
  }
}
