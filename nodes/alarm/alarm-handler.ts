import type { NodeMessage, NodeMessageInFlow } from "node-red";
import { isChange, type AlarmSettings, type Topic } from "../../src/alarm";
import type { Input } from "../common/inputs";
import type { Task } from "../common/on-message";
import { alarmOfMessage, alarmTopicOf, ownMessage, readMeasure } from "./message";
import type { WatchedAlarms } from "./watched-alarms";

/** Messages for the two outputs: changes and measures. */
type Outputs = (NodeMessage | NodeMessage[] | null)[];

/** Handles the messages of one node, and the silence between them. */
export class AlarmHandler {
  constructor(
    private readonly measure: Input,
    private readonly settings: AlarmSettings,
    private readonly alarms: WatchedAlarms,
  ) {}

  /** Handles an acknowledgement, an error (`msg.error`) or a measure. @throws {SegmentError} `invalid-result` */
  async handle(msg: NodeMessageInFlow, { send, signal }: Task): Promise<void> {
    const topic = alarmTopicOf(msg);
    if (msg.acknowledge === true) {
      const changes = this.alarms.acknowledged(topic).filter(({ before, after }) => isChange(before, after));
      send([changes.map((event) => ownMessage(msg, event, this.settings)), null]);
      return;
    }
    const hasFailed = msg.error !== undefined && msg.error !== null;
    const value = hasFailed ? undefined : await this.measure.read(msg);
    if (signal.aborted) return;
    const event = hasFailed
      ? this.alarms.failed(topic)
      : this.alarms.measured(topic, readMeasure(this.measure.name, value));
    Object.assign(msg, { alarm: alarmOfMessage(event, this.settings) });
    send([isChange(event.before, event.after) ? msg : null, hasFailed ? null : msg]);
  }

  /** A topic has been silent for too long. Returns what the node sends; undefined when its state stays. */
  silent(topic: Topic): Outputs | undefined {
    const event = this.alarms.silent(topic);
    return isChange(event.before, event.after) ? [ownMessage({}, event, this.settings), null] : undefined;
  }
}
