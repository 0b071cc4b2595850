import type { NodeMessage, NodeStatus } from "node-red";
import { isLatched, type Alarm, type AlarmSettings, type StateName, type Topic } from "../../src/alarm";
import { preview, SegmentError } from "../../src/api/segment-error";
import type { AlarmEvent } from "./watched-alarms";

/** The states by name, the worst first. */
const STATES: StateName[] = ["alarm", "unknown", "ok"];

/** `msg.alarm`. Times in milliseconds since 1970. */
interface AlarmOfMessage {
  state: StateName | null;
  /** The state before this message. */
  previous: StateName | null;
  value: number | null;
  limit: "high" | "low" | null;
  since: number;
  latched: boolean;
  acknowledged: boolean;
}

/** The alarm of a topic as a message carries it. */
export function alarmOfMessage({ before, after }: AlarmEvent, settings: AlarmSettings): AlarmOfMessage {
  const { state, value, limit, since, acknowledged } = after;
  return { state, previous: before.state, value, limit, since, latched: isLatched(after, settings), acknowledged };
}

/** A message about the alarm of a topic, with the properties of another message. */
export function ownMessage(msg: NodeMessage, event: AlarmEvent, settings: AlarmSettings): NodeMessage {
  const { topic } = event;
  return { ...msg, ...(topic === null ? {} : { topic }), alarm: alarmOfMessage(event, settings) };
}

/** The topic of a message; null for an empty text, as an inject node without a topic sends it. */
export function alarmTopicOf({ topic }: NodeMessage): Topic {
  if (typeof topic === "number") return String(topic);
  return typeof topic === "string" && topic !== "" ? topic : null;
}

/**
 * Reads a measure.
 * @param name how the user would call the value, for errors
 * @throws {SegmentError} `invalid-result`
 */
export function readMeasure(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new SegmentError(
    "invalid-result",
    value === undefined || value === null
      ? `${name} is missing: put a segment render node before this node, or choose another measure in the dialog`
      : `${name} must be a number (got ${preview(value)}): choose one measure, such as measures.total.area`,
  );
}

/**
 * The status of a node: the state of its only alarm, or how many of its alarms are in the worst of their states.
 * @param texts for each state
 */
export function alarmStatus(alarms: Alarm[], settings: AlarmSettings, texts: Record<StateName, string>): NodeStatus {
  const worst = STATES.find((state) => alarms.some((alarm) => alarm.state === state));
  if (worst === undefined) return {};
  const found = alarms.filter(({ state }) => state === worst);
  const [only] = found;
  const text =
    alarms.length === 1 && only !== undefined
      ? `${texts[worst]}${worst === "alarm" ? comparison(only, settings) : ""}`
      : `${found.length}/${alarms.length} ${texts[worst]}`;
  if (worst === "ok") return { fill: "green", shape: "dot", text };
  if (worst === "unknown") return { fill: "yellow", shape: "ring", text };
  return { fill: "red", shape: found.every(({ acknowledged }) => acknowledged) ? "ring" : "dot", text };
}

/** The value, compared with its limit when it is beyond it; empty when the value is back or not known. */
function comparison({ value, limit, back }: Alarm, { high, low }: AlarmSettings): string {
  if (value === null || back) return "";
  if (limit === "high" && high !== undefined && value > high) return ` ${short(value)} > ${short(high)}`;
  if (limit === "low" && low !== undefined && value < low) return ` ${short(value)} < ${short(low)}`;
  return ` ${short(value)}`;
}

/** A number with four significant digits. */
function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
