import { join } from "node:path";
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import { isChange, readAlarmSettings, type AlarmDef, type AlarmSettings, type Topic } from "../src/alarm";
import { asError, errorText } from "../src/api/segment-error";
import { alarmOfMessage, alarmStatus, alarmTopicOf, ownMessage, readMeasure } from "./alarm/message";
import { AlarmStore } from "./alarm/store";
import type { Task } from "./common/on-message";
import { oneByOne } from "./common/one-by-one";
import { runtimeHost } from "./common/runtime-host";
import { failureStatus } from "./common/status-line";
import { evaluate, nameOf, typedInput } from "./common/typed-input";
import { WatchedAlarms } from "./alarm/watched-alarms";

interface SegmentAlarmDef extends NodeDef, AlarmDef {
  measure?: string;
  measureType?: string;
}

const DEFAULT_MEASURE = { value: "measures.total.area", type: "msg" };

export = function (RED: NodeAPI): void {
  const folder = join(runtimeHost(RED).userDir, "node-red-segment-alarms");

  function SegmentAlarm(this: Node, def: SegmentAlarmDef): void {
    RED.nodes.createNode(this, def);
    const store = new AlarmStore(folder, this.id, (error) =>
      this.warn(`${RED._("segment-alarm.warning.notKept")}: ${errorText(error)}`),
    );
    let settings: AlarmSettings;
    try {
      settings = readAlarmSettings(def);
    } catch (error) {
      refuseAll(this, asError(error), store);
      return;
    }
    watch(RED, this, def, settings, store);
  }
  RED.nodes.registerType("segment-alarm", SegmentAlarm);
};

function watch(RED: NodeAPI, node: Node, def: SegmentAlarmDef, settings: AlarmSettings, store: AlarmStore): void {
  const measure = typedInput(def.measure, def.measureType, DEFAULT_MEASURE);
  const texts = {
    ok: RED._("segment-alarm.status.ok"),
    alarm: RED._("segment-alarm.status.alarm"),
    unknown: RED._("segment-alarm.status.unknown"),
  };

  const onSilent = (topic: Topic, isStillSilent: () => boolean): void =>
    takeTurn(() => {
      if (!isStillSilent()) return;
      const event = alarms.silent(topic);
      if (isChange(event.before, event.after)) node.send([ownMessage({}, event, settings), null]);
    });
  const alarms = new WatchedAlarms(settings, store, {
    onSilent,
    onTooMany: () => node.warn(RED._("segment-alarm.warning.forgotten")),
  });

  const handle = async (msg: NodeMessageInFlow, { send, signal }: Task): Promise<void> => {
    const topic = alarmTopicOf(msg);
    if (msg.acknowledge === true) {
      const changes = alarms.acknowledged(topic).filter(({ before, after }) => isChange(before, after));
      send([changes.map((event) => ownMessage(msg, event, settings)), null]);
      return;
    }
    const hasFailed = msg.error !== undefined && msg.error !== null;
    const value = hasFailed ? undefined : await evaluate(RED, node, measure, msg, "invalid-result");
    if (signal.aborted) return;
    const event = hasFailed ? alarms.failed(topic) : alarms.measured(topic, readMeasure(nameOf(measure), value));
    Object.assign(msg, { alarm: alarmOfMessage(event, settings) });
    send([isChange(event.before, event.after) ? msg : null, hasFailed ? null : msg]);
  };

  const takeTurn = oneByOne(RED, node, "segment-alarm.warning.dropped", {
    start: () => alarms.start(),
    handle,
    settled: () => store.settled(),
    status: () => alarmStatus(alarms.alarms, settings, texts),
    close: (removed) => alarms.close(removed),
  });
}

/** A node that can't work: each message is an error. */
function refuseAll(node: Node, error: Error, store: AlarmStore): void {
  node.status(failureStatus(error));
  node.on("input", (_msg, _send, done) => done(error));
  node.on("close", (removed: boolean, done: () => void) => {
    void (removed ? store.removeAll() : store.settled()).finally(done);
  });
}
