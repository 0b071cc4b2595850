import type { BoundingBox, Point } from "../api";
import { invalidPrompt, isAbsent, isRecord, numberAt } from "./fields";
import { isCoordinates, points } from "./points";
import { toFraction, type Frame } from "./units";

/** A box that was read from a message. */
export interface PromptBox {
  /** Corners in fractions of the upright picture. */
  boundingBox: BoundingBox;
  /** The box's own points, in fractions of the upright picture. */
  points: Point[];
  /** The box as it was given, with its other properties (label, track id, …). */
  given: unknown;
}

type Corner = keyof BoundingBox;
type Corners = Record<Corner, { field: string; value: number }>;

const CORNERS = ["xMin", "yMin", "xMax", "yMax"] as const;
const SIDES = ["left", "top", "right", "bottom"] as const;
const FORMS = "{xMin, yMin, xMax, yMax}, {x, y, width, height}, {left, top, right, bottom} or [xMin, yMin, xMax, yMax]";

/**
 * Reads the boxes of a message: `{xMin, yMin, xMax, yMax}`, `{x, y, width, height}` (x, y: its top left
 * corner), `{left, top, right, bottom}` or `[xMin, yMin, xMax, yMax]`; one or an array. A box may carry `points`.
 * @param field their name in the message, for errors
 * @returns boxes in fractions of the upright picture; empty when none were given
 * @throws {SegmentError} `invalid-prompt`, naming field and value
 */
export function boxes(value: unknown, frame: Frame, field = "boxes"): PromptBox[] {
  if (isAbsent(value)) return [];
  if (!isBoxList(value)) return [box(field, value, frame)];
  return value.map((item: unknown, index) => box(`${field}[${index}]`, item, frame));
}

/** Whether a value is a list of boxes; `[xMin, yMin, xMax, yMax]` is one box. */
export function isBoxList(value: unknown): value is unknown[] {
  return Array.isArray(value) && !isCoordinates(value);
}

function box(field: string, value: unknown, frame: Frame): PromptBox {
  const corners = readCorners(field, value);
  const at = (corner: Corner, side: "width" | "height"): number =>
    toFraction(corners[corner].field, corners[corner].value, side, frame);
  const boundingBox = {
    xMin: at("xMin", "width"),
    yMin: at("yMin", "height"),
    xMax: at("xMax", "width"),
    yMax: at("yMax", "height"),
  };
  if (boundingBox.xMin >= boundingBox.xMax)
    throw invalidPrompt(field, "its right edge must lie right of its left", value);
  if (boundingBox.yMin >= boundingBox.yMax)
    throw invalidPrompt(field, "its lower edge must lie below its upper", value);
  return {
    boundingBox,
    points: isRecord(value) ? points(value.points, frame, `${field}.points`) : [],
    given: value,
  };
}

function readCorners(field: string, value: unknown): Corners {
  if (Array.isArray(value) && value.length === 4) {
    const [xMin, yMin, xMax, yMax] = value as unknown[];
    return namedCorners(field, { xMin, yMin, xMax, yMax }, CORNERS);
  }
  if (isRecord(value)) {
    if (hasAll(value, CORNERS)) return namedCorners(field, value, CORNERS);
    if (hasAll(value, ["x", "y", "width", "height"])) return cornersOfSize(field, value);
    if (hasAll(value, SIDES)) return namedCorners(field, value, SIDES);
  }
  throw invalidPrompt(field, `must be ${FORMS}`, value);
}

function hasAll(value: Record<string, unknown>, keys: readonly string[]): boolean {
  return keys.every((key) => !isAbsent(value[key]));
}

/** The corners of a box by the given names (left, upper, right, lower). */
function namedCorners(
  box: string,
  value: Record<string, unknown>,
  [xMin, yMin, xMax, yMax]: typeof CORNERS | typeof SIDES,
): Corners {
  const corner = (key: string): Corners[Corner] => {
    const field = `${box}.${key}`;
    return { field, value: numberAt(field, value[key]) };
  };
  return { xMin: corner(xMin), yMin: corner(yMin), xMax: corner(xMax), yMax: corner(yMax) };
}

function cornersOfSize(box: string, value: Record<string, unknown>): Corners {
  const at = (key: string): number => numberAt(`${box}.${key}`, value[key]);
  const [x, y, width, height] = [at("x"), at("y"), at("width"), at("height")];
  return {
    xMin: { field: `${box}.x`, value: x },
    yMin: { field: `${box}.y`, value: y },
    xMax: { field: `${box}.x + width`, value: x + width },
    yMax: { field: `${box}.y + height`, value: y + height },
  };
}
