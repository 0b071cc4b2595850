import type { AlarmSettings } from "./settings";

export type LimitName = "high" | "low";
export type StateName = "ok" | "alarm" | "unknown";

/** One alarm at one moment. Never changed: each event makes a new one. */
export interface Alarm {
  /** Null before the first event. */
  readonly state: StateName | null;
  /** The limit whose alarm has been raised and has not ended, also while the state is unknown. */
  readonly limit: LimitName | null;
  /** Whether the value has come back since: only an alarm that waits for an acknowledgement outlives that. */
  readonly back: boolean;
  /** Whether someone has acknowledged the alarm. */
  readonly acknowledged: boolean;
  /** When the state began, in milliseconds since 1970. */
  readonly since: number;
  /** Whether a message has ever come for it. */
  readonly heard: boolean;
  /** The value of the last measure; null when the last event was none, or there was none yet. */
  readonly value: number | null;
  /** Since when (monotonic milliseconds) all values lie beyond a limit. */
  readonly beyond: { readonly limit: LimitName; readonly from: number } | null;
}

/** The time of an event: `epoch` is shown to people, durations count on `monotonic`. Both in milliseconds. */
export interface Moment {
  epoch: number;
  monotonic: number;
}

/** An alarm of which nothing is known yet. */
export const NEW_ALARM: Alarm = {
  state: null,
  limit: null,
  back: false,
  acknowledged: false,
  since: 0,
  heard: false,
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
      : carriedOn(before, value, crossed, settings);
  const state = raised.limit === null ? "ok" : "alarm";
  return dated(before, { ...before, ...raised, state, heard: true, value, beyond }, now);
}

/** A message came that brings no value but an error. The hold time counts on. */
export function failed(before: Alarm, now: Moment): Alarm {
  return dated(before, { ...before, state: "unknown", heard: true, value: null }, now);
}

/** No message has come for too long. The hold time begins anew. */
export function silent(before: Alarm, now: Moment): Alarm {
  return dated(before, { ...before, state: "unknown", value: null, beyond: null }, now);
}

/** Someone acknowledges the alarm: it ends when its value is back, else as soon as it will be. */
export function acknowledged(before: Alarm, now: Moment): Alarm {
  if (before.limit === null) return before;
  if (!before.back) return { ...before, acknowledged: true };
  return dated(before, { ...before, ...NO_LIMIT, state: before.state === "unknown" ? "unknown" : "ok" }, now);
}

/** Whether the state has changed. An alarm by the other limit is a new one. */
export function isChange(before: Alarm, after: Alarm): boolean {
  return before.state !== after.state || (after.state === "alarm" && before.limit !== after.limit);
}

/** Whether an alarm has been raised that only an acknowledgement can end. */
export function isLatched(alarm: Alarm, { latch }: AlarmSettings): boolean {
  return latch && alarm.limit !== null && !alarm.acknowledged;
}

function crossedLimit(value: number, { high, low }: AlarmSettings): LimitName | null {
  if (high !== undefined && value > high) return "high";
  return low !== undefined && value < low ? "low" : null;
}

/** What becomes of an alarm that was raised before, if any. */
function carriedOn(
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

/** Whether a value ends the alarm of a limit; of a limit that was taken away since, any does. */
function isBack(limit: LimitName, value: number, { high, low, hysteresis }: AlarmSettings): boolean {
  if (limit === "high") return high === undefined || value <= high - hysteresis;
  return low === undefined || value >= low + hysteresis;
}

function dated(before: Alarm, after: Alarm, now: Moment): Alarm {
  return isChange(before, after) ? { ...after, since: now.epoch } : after;
}
