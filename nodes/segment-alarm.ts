import { join } from "node:path";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { readAlarmSettings, type AlarmDef, type AlarmSettings } from "../src/alarm";
import { asError, errorText } from "../src/api/segment-error";
import { AlarmHandler } from "./alarm/alarm-handler";
import { alarmStatus } from "./alarm/message";
import { AlarmStore } from "./alarm/store";
import { WatchedAlarms } from "./alarm/watched-alarms";
import { Inputs } from "./common/inputs";
import { oneByOne } from "./common/one-by-one";
import { runtimeHost } from "./common/runtime-host";
import { failureStatus } from "./common/status-line";

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
  const texts = {
    ok: RED._("segment-alarm.status.ok"),
    alarm: RED._("segment-alarm.status.alarm"),
    unknown: RED._("segment-alarm.status.unknown"),
  };
  const measure = new Inputs(RED, node, "invalid-result").of(def.measure, def.measureType, DEFAULT_MEASURE);
  const alarms = new WatchedAlarms(settings, store, {
    onSilent: (topic, isStillSilent) =>
      takeTurn(() => {
        const outputs = isStillSilent() ? handler.silent(topic) : undefined;
        if (outputs !== undefined) node.send(outputs);
      }),
    onTooMany: () => node.warn(RED._("segment-alarm.warning.forgotten")),
  });
  const handler = new AlarmHandler(measure, settings, alarms);
  const takeTurn = oneByOne(RED, node, "segment-alarm.warning.dropped", {
    start: () => alarms.start(),
    handle: (msg, task) => handler.handle(msg, task),
    settled: () => store.settled(),
    status: () => alarmStatus(alarms.alarms, settings, texts),
    close: (removed) => alarms.close(removed),
  });
}

/** Makes each message an error, as the node's settings can't be used. */
function refuseAll(node: Node, error: Error, store: AlarmStore): void {
  node.status(failureStatus(error));
  node.on("input", (_msg, _send, done) => done(error));
  node.on("close", (removed: boolean, done: () => void) => {
    void (removed ? store.removeAll() : store.settled()).finally(done);
  });
}
