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

/** What an event made of the alarm of a topic. */
export interface AlarmEvent {
  topic: Topic;
  before: Alarm;
  after: Alarm;
}

/** Who hears of what no message brought about. */
interface Listeners {
  /** No message has come for a topic for too long; see {@link Silence}. */
  onSilent: (topic: Topic, isStillSilent: () => boolean) => void;
  /** A topic had to be forgotten. Called once. */
  onTooMany: () => void;
}

/** The alarms of one node, with their clocks and their place on the disk. */
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

  /** Takes up the alarms of before a restart. Silence counts from now on. */
  async start(): Promise<void> {
    for (const { topic, ...kept } of await this.store.load()) {
      this.#topics.set(topic, { ...kept, value: null, beyond: null });
    }
    if (this.#isClosed) return;
    const { topics } = this.#topics;
    for (const topic of topics.length > 0 ? topics : [null]) this.#silence.restart(topic);
  }

  measured(topic: Topic, value: number): AlarmEvent {
    return this.#heard(topic, measured(this.#topics.get(topic), value, this.settings, now()));
  }

  failed(topic: Topic): AlarmEvent {
    return this.#heard(topic, failed(this.#topics.get(topic), now()));
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

  #heard(topic: Topic, after: Alarm): AlarmEvent {
    // Until the first message the silence of a node without topics is watched.
    if (!this.#topics.get(null).heard) this.#silence.stop(null);
    this.#silence.restart(topic);
    return this.#replace(topic, after);
  }

  #replace(topic: Topic, after: Alarm): AlarmEvent {
    const before = this.#topics.get(topic);
    for (const forgotten of this.#topics.set(topic, after)) {
      this.#silence.stop(forgotten);
      this.store.remove(forgotten);
      if (forgotten === null || this.#wereTooMany) continue;
      this.#wereTooMany = true;
      this.listeners.onTooMany();
    }
    if (isToBeKept(before, after)) this.store.put(topic, after);
    return { topic, before, after };
  }
}

/** Whether the disk must hear of it: not of each measure. */
function isToBeKept(before: Alarm, after: Alarm): boolean {
  const { back, acknowledged, limit, heard } = before;
  return (
    isChange(before, after) ||
    back !== after.back ||
    acknowledged !== after.acknowledged ||
    limit !== after.limit ||
    heard !== after.heard
  );
}

function now(): Moment {
  return { epoch: Date.now(), monotonic: performance.now() };
}
