import { preview, SegmentError } from "../api/segment-error";

/** The longest time of a Node.js timer in seconds: 24 days. */
const LONGEST_S = 2_147_483;
/** 0.3 - 0.2 is a little less than 0.1 in floating-point numbers: a hysteresis of 0.1 must fit between such limits. */
const ROUNDING = 1 + 1e-9;

/** The limits of an alarm as a flow holds them: texts of the dialog, or missing. */
export interface AlarmDef {
  high?: string | number;
  low?: string | number;
  hysteresis?: string | number;
  hold?: string | number;
  latch?: boolean;
  staleAfter?: string | number;
}

/** When an alarm is raised and when it ends. It has at least one limit. */
export interface AlarmSettings {
  /** A value above it raises an alarm. In the unit of the measure, like `low` and `hysteresis`. */
  high: number | undefined;
  /** A value below it raises an alarm. */
  low: number | undefined;
  /** How far a value must be back within its limit to end the alarm. */
  hysteresis: number;
  /** How long values must be beyond a limit to raise an alarm, in milliseconds. */
  holdMs: number;
  /** Whether an alarm stays until it has been acknowledged. */
  latch: boolean;
  /** Time without a message after which the state is unknown, in milliseconds; 0 for never. */
  staleMs: number;
}

/**
 * Reads the limits of an alarm.
 * @throws {SegmentError} `no-config`, naming the field and what to fill in
 */
export function readAlarmSettings(def: AlarmDef): AlarmSettings {
  const high = readNumber("high limit", def.high);
  const low = readNumber("low limit", def.low);
  const hysteresis = readNumber("hysteresis", def.hysteresis, 0) ?? 0;
  const hold = readNumber("hold time", def.hold, 0) ?? 0;
  const stale = readNumber("time without a message", def.staleAfter, 0, LONGEST_S) ?? 0;
  if (high === undefined && low === undefined) throw refusal("This alarm has no limit: open the node and fill one in");
  if (high !== undefined && low !== undefined) {
    if (low >= high) throw refusal(`The low limit must be below the high limit (got ${low} and ${high})`);
    if (hysteresis > (high - low) * ROUNDING) {
      throw refusal(`The hysteresis must not be larger than the gap between the limits (got ${hysteresis})`);
    }
  }
  return { high, low, hysteresis, holdMs: hold * 1000, latch: def.latch === true, staleMs: stale * 1000 };
}

function readNumber(
  name: string,
  value: string | number | undefined,
  min = -Infinity,
  max = Infinity,
): number | undefined {
  if (value === undefined || String(value).trim() === "") return undefined;
  const number = Number(value);
  if (Number.isFinite(number) && number >= min && number <= max) return number;
  const range = `${min > -Infinity ? `, at least ${min}` : ""}${max < Infinity ? `, at most ${max}` : ""}`;
  throw refusal(`The ${name} must be a number${range} (got ${preview(value)})`);
}

function refusal(message: string): SegmentError {
  return new SegmentError("no-config", message);
}
