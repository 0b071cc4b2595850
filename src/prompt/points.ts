import type { Point } from "../api";
import { findTwins } from "../api/twins"; // without zod: the prompt editor runs in a browser
import { invalidPrompt, isAbsent, isRecord, numberAt } from "./fields";
import { toFraction, type Frame } from "./units";

const POINT_FIELDS = ["x", "y", "label"];

/**
 * Reads the points of a message: `{x, y, label?}` or `[x, y, label?]`, one or an array.
 * `label` is 1 (foreground, the default) or 0 (background).
 * @param field their name in the message, for errors
 * @returns points in fractions of the upright picture; empty when none were given
 * @throws {SegmentError} `invalid-prompt`, naming field and value
 */
export function points(value: unknown, frame: Frame, field = "points"): Point[] {
  if (isAbsent(value)) return [];
  if (!Array.isArray(value) || isCoordinates(value)) return [point(field, value, frame)];
  const list = value.map((item: unknown, index) => point(`${field}[${index}]`, item, frame));
  checkDistinct(list, field);
  return list;
}

/** Whether an array is one point or box, not a list of them: its first item is a bare value. */
export function isCoordinates(value: unknown[]): boolean {
  return value.length > 0 && !isRecord(value[0]) && !Array.isArray(value[0]);
}

/** Refuses two points with the same coordinates, as the service does: with different labels they would contradict. */
export function checkDistinct(list: Point[], field: string): void {
  const twins = findTwins(list);
  if (twins === undefined) return;
  const { first, second } = twins;
  throw invalidPrompt(`${field}[${second}]`, `is the same point as ${field}[${first}]`, list[second]);
}

function point(field: string, value: unknown, frame: Frame): Point {
  const { x, y, label } = pointFields(field, value);
  return {
    x: toFraction(`${field}.x`, numberAt(`${field}.x`, x), "width", frame),
    y: toFraction(`${field}.y`, numberAt(`${field}.y`, y), "height", frame),
    ...(isAbsent(label) ? {} : { label: labelAt(`${field}.label`, label) }),
  };
}

function pointFields(field: string, value: unknown): Record<string, unknown> {
  if (Array.isArray(value) && (value.length === 2 || value.length === 3)) {
    const [x, y, label] = value as unknown[];
    return { x, y, label };
  }
  if (!isRecord(value)) throw invalidPrompt(field, "must be {x, y, label?} or [x, y, label?]", value);
  const unknown = Object.keys(value).find((key) => !POINT_FIELDS.includes(key));
  // Otherwise a misspelt label would count as foreground without an error.
  if (unknown !== undefined) throw invalidPrompt(`${field}.${unknown}`, "is no field of a point", value[unknown]);
  return value;
}

function labelAt(field: string, value: unknown): 0 | 1 {
  if (value !== 0 && value !== 1) throw invalidPrompt(field, "must be 1 (foreground) or 0 (background)", value);
  return value;
}
