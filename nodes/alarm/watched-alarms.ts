import {
  acknowledged,
  AlarmTopics,
  failed,
  isChange,
  measured,
  silent,
  type Alarm,
  type AlarmSettings,
  type Moment,
  type Topic,
} from "../../src/alarm";
import type { AlarmStore } from "./store";
import { Silence } from "./silence";

/** The alarm of a topic before and after an event. */
export interface AlarmEvent {
  topic: Topic;
  before: Alarm;
  after: Alarm;
}

/** Called for events that no message causes. */
interface Listeners {
  /** No message has come for a topic for too long; see {@link Silence}. */
  onSilent: (topic: Topic, isStillSilent: () => boolean) => void;
  /** There were too many topics, so one was dropped. Called once. */
  onTooMany: () => void;
}

/** The alarms of one node, with their timers and their records on disk. */
export class WatchedAlarms {
  readonly #topics = new AlarmTopics();
  readonly #silence: Silence<Topic>;

  #wereTooMany = false;
  #isClosed = false;

  constructor(
    private readonly settings: AlarmSettings,
    private readonly store: AlarmStore,
    private readonly listeners: Listeners,
  ) {
    this.#silence = new Silence(settings.staleMs, listeners.onSilent);
  }

  get alarms(): Alarm[] {
    return this.#topics.alarms;
  }

  /** Restores the alarms from before a restart. Silence counts from now on. */
  async start(): Promise<void> {
    for (const { topic, ...kept } of await this.store.load()) {
      this.#topics.set(topic, { ...kept, value: null, beyond: null });
    }
    if (this.#isClosed) return;
    const { topics } = this.#topics;
    for (const topic of topics.length > 0 ? topics : [null]) this.#silence.restart(topic);
  }

  measured(topic: Topic, value: number): AlarmEvent {
    return this.#received(topic, measured(this.#topics.get(topic), value, this.settings, now()));
  }

  failed(topic: Topic): AlarmEvent {
    return this.#received(topic, failed(this.#topics.get(topic), now()));
  }

  silent(topic: Topic): AlarmEvent {
    return this.#replace(topic, silent(this.#topics.get(topic), now()));
  }

  /** Acknowledges the alarm of a topic, or without a topic all alarms. */
  acknowledged(topic: Topic): AlarmEvent[] {
    const topics = this.#topics.topics.filter((each) => topic === null || each === topic);
    return topics.map((each) => this.#replace(each, acknowledged(this.#topics.get(each), now())));
  }

  async close(removed: boolean): Promise<void> {
    this.#isClosed = true;
    this.#silence.stopAll();
    await (removed ? this.store.removeAll() : this.store.settled());
  }

  #received(topic: Topic, after: Alarm): AlarmEvent {
    // Until the first message, silence is watched for the node as a whole.
    if (!this.#topics.get(null).received) this.#silence.stop(null);
    this.#silence.restart(topic);
    return this.#replace(topic, after);
  }

  #replace(topic: Topic, after: Alarm): AlarmEvent {
    const before = this.#topics.get(topic);
    for (const dropped of this.#topics.set(topic, after)) {
      this.#silence.stop(dropped);
      this.store.remove(dropped);
      if (dropped === null || this.#wereTooMany) continue;
      this.#wereTooMany = true;
      this.listeners.onTooMany();
    }
    if (mustBeSaved(before, after)) this.store.put(topic, after);
    return { topic, before, after };
  }
}

/** Whether the change must be saved; a new measurement alone need not be. */
function mustBeSaved(before: Alarm, after: Alarm): boolean {
  const { back, acknowledged, limit, received } = before;
  return (
    isChange(before, after) ||
    back !== after.back ||
    acknowledged !== after.acknowledged ||
    limit !== after.limit ||
    received !== after.received
  );
}

function now(): Moment {
  return { epoch: Date.now(), monotonic: performance.now() };
}
