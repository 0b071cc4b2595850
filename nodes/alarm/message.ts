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

/** What a message tells of its topic's alarm. */
export function alarmOfMessage({ before, after }: AlarmEvent, settings: AlarmSettings): AlarmOfMessage {
  const { state, value, limit, since, acknowledged } = after;
  return { state, previous: before.state, value, limit, since, latched: isLatched(after, settings), acknowledged };
}

/** A message for a topic, with what another one brought. */
export function ownMessage(msg: NodeMessage, event: AlarmEvent, settings: AlarmSettings): NodeMessage {
  const { topic } = event;
  return { ...msg, ...(topic === null ? {} : { topic }), alarm: alarmOfMessage(event, settings) };
}

/** The topic of a message; an inject node without one sends an empty text. */
export function alarmTopicOf({ topic }: NodeMessage): Topic {
  if (typeof topic === "number") return String(topic);
  return typeof topic === "string" && topic !== "" ? topic : null;
}

/**
 * Reads a measure.
 * @param place how the user would call where it was found, for errors
 * @throws {SegmentError} `invalid-result`
 */
export function readMeasure(place: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new SegmentError(
    "invalid-result",
    value === undefined || value === null
      ? `${place} is not there: let a segment render node measure the result before this node, or choose the measure in the dialog`
      : `${place} must be a number (got ${preview(value)}): choose one measure, such as measures.total.area`,
  );
}

/**
 * The status of a node: of its only alarm, or how many of its alarms are in the worst state that there is.
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

/** The value, and how it compares with its limit when it lies beyond; empty when the value is back or not known. */
function comparison({ value, limit, back }: Alarm, { high, low }: AlarmSettings): string {
  if (value === null || back) return "";
  if (limit === "high" && high !== undefined && value > high) return ` ${short(value)} > ${short(high)}`;
  if (limit === "low" && low !== undefined && value < low) return ` ${short(value)} < ${short(low)}`;
  return ` ${short(value)}`;
}

/** A number in four digits. */
function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
