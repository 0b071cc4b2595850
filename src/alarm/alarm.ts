/**
 * The state machine of an alarm. Its states: null (no event yet), `ok`, `alarm`, `unknown`. Its events:
 * - `measured`: to `alarm` when all values have been beyond a limit for the hold time; back to `ok` when a value is within
 *   the limit by the hysteresis, unless the alarm is latched; otherwise the state of the limit that was crossed before;
 * - `failed` and `silent`: to `unknown`. An alarm that was raised stays raised (`limit`) and shows again with the next value;
 * - `acknowledged`: a latched alarm ends now when its value is back, else as soon as it will be.
 */
import type { AlarmSettings } from "./settings";

export type LimitName = "high" | "low";
export type StateName = "ok" | "alarm" | "unknown";

/** One alarm at one moment. Never changed: each event makes a new one. */
export interface Alarm {
  /** Null before the first event. */
  readonly state: StateName | null;
  /** The limit whose alarm has been raised and has not ended, also while the state is unknown. */
  readonly limit: LimitName | null;
  /** Whether the value is back within the limit since: only an alarm that waits for an acknowledgement outlives that. */
  readonly back: boolean;
  /** Whether someone has acknowledged the alarm. */
  readonly acknowledged: boolean;
  /** When the state began, in milliseconds since 1970. */
  readonly since: number;
  /** Whether a message has ever come for it. */
  readonly received: boolean;
  /** The last measured value; null when the last event was not a measurement. */
  readonly value: number | null;
  /** Since when (monotonic milliseconds) all values have been beyond a limit; null when the last one was not. */
  readonly beyond: { readonly limit: LimitName; readonly from: number } | null;
}

/** The time of an event: `epoch` is shown to people, durations count on `monotonic`. Both in milliseconds. */
export interface Moment {
  epoch: number;
  monotonic: number;
}

/** An alarm before its first event. */
export const NEW_ALARM: Alarm = {
  state: null,
  limit: null,
  back: false,
  acknowledged: false,
  since: 0,
  received: false,
  value: null,
  beyond: null,
};

const NO_LIMIT = { limit: null, back: false, acknowledged: false } as const;

/** A value was measured. */
export function measured(before: Alarm, value: number, settings: AlarmSettings, now: Moment): Alarm {
  const crossed = crossedLimit(value, settings);
  const from = crossed === before.beyond?.limit ? before.beyond.from : now.monotonic;
  const beyond = crossed === null ? null : { limit: crossed, from };
  const isHeld = now.monotonic - from >= settings.holdMs;
  const raised =
    crossed !== null && crossed !== before.limit && isHeld
      ? { limit: crossed, back: false, acknowledged: false }
      : continued(before, value, crossed, settings);
  const state = raised.limit === null ? "ok" : "alarm";
  return dated(before, { ...before, ...raised, state, received: true, value, beyond }, now);
}

/** A message came with an error instead of a value. The hold time goes on. */
export function failed(before: Alarm, now: Moment): Alarm {
  return dated(before, { ...before, state: "unknown", received: true, value: null }, now);
}

/** No message has come for too long. The hold time starts again. */
export function silent(before: Alarm, now: Moment): Alarm {
  return dated(before, { ...before, state: "unknown", value: null, beyond: null }, now);
}

/** Someone acknowledges the alarm: it ends now if its value is back, else as soon as it is. */
export function acknowledged(before: Alarm, now: Moment): Alarm {
  if (before.limit === null) return before;
  if (!before.back) return { ...before, acknowledged: true };
  return dated(before, { ...before, ...NO_LIMIT, state: before.state === "unknown" ? "unknown" : "ok" }, now);
}

/** Whether the state has changed. An alarm by the other limit is a new one. */
export function isChange(before: Alarm, after: Alarm): boolean {
  return before.state !== after.state || (after.state === "alarm" && before.limit !== after.limit);
}

/** Whether the alarm has been raised and only an acknowledgement can end it. */
export function isLatched(alarm: Alarm, { latch }: AlarmSettings): boolean {
  return latch && alarm.limit !== null && !alarm.acknowledged;
}

function crossedLimit(value: number, { high, low }: AlarmSettings): LimitName | null {
  if (high !== undefined && value > high) return "high";
  return low !== undefined && value < low ? "low" : null;
}

/** What a value makes of the alarm that was raised before, if any. */
function continued(
  before: Alarm,
  value: number,
  crossed: LimitName | null,
  settings: AlarmSettings,
): Pick<Alarm, "limit" | "back" | "acknowledged"> {
  const { limit, acknowledged } = before;
  if (limit === null) return NO_LIMIT;
  const back = before.back ? crossed !== limit : isBack(limit, value, settings);
  if (back && !isLatched(before, settings)) return NO_LIMIT;
  return { limit, back, acknowledged };
}

/** Whether a value ends the alarm of a limit. Any value does when the limit has been removed since. */
function isBack(limit: LimitName, value: number, { high, low, hysteresis }: AlarmSettings): boolean {
  if (limit === "high") return high === undefined || value <= high - hysteresis;
  return low === undefined || value >= low + hysteresis;
}

function dated(before: Alarm, after: Alarm, now: Moment): Alarm {
  return isChange(before, after) ? { ...after, since: now.epoch } : after;
}
