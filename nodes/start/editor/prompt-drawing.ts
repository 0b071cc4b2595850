// The prompt that the user draws, as data. Runs in a browser, so it must not load zod.
import type { BoundingBox, ImageSize, Point } from "../../../src/api";
import { boxes as readBoxes } from "../../../src/prompt/boxes";
import { points as readPoints } from "../../../src/prompt/points";
import type { Frame } from "../../../src/prompt/units";

/** A position on the picture in fractions of its width and height. */
export interface CanvasPoint {
  x: number;
  y: number;
}

export interface DrawnPoint extends CanvasPoint {
  label: 0 | 1;
}

/** A box, and the other properties of the user's own box object (label, track id, …). */
export interface DrawnBox extends BoundingBox {
  rest: Record<string, unknown>;
}

/** Points and boxes in the order in which they were drawn. Immutable: each step makes a new one. */
export interface Drawing {
  readonly points: readonly DrawnPoint[];
  readonly boxes: readonly DrawnBox[];
}

/** The fields of the dialog that hold a prompt. */
export interface Fields {
  points: { value: string; type: string };
  boxes: { value: string; type: string };
  units: string;
}

export const EMPTY: Drawing = { points: [], boxes: [] };
/** A tenth of a pixel in a picture that is 1000 pixels wide. */
const DIGITS = 4;
const COORDINATES = ["xMin", "yMin", "xMax", "yMax", "x", "y", "width", "height", "left", "top", "right", "bottom"];

export function isEmpty({ points, boxes }: Drawing): boolean {
  return points.length + boxes.length === 0;
}

/** Whether no further point may be drawn: points belong to one box or to none. */
export function refusesPoints({ boxes }: Drawing): boolean {
  return boxes.length > 1;
}

export function withPoint(drawing: Drawing, { x, y }: CanvasPoint, label: 0 | 1): Drawing {
  return { ...drawing, points: [...drawing.points, { x, y, label }] };
}

export function withoutPoint(drawing: Drawing, index: number): Drawing {
  return { ...drawing, points: drawing.points.toSpliced(index, 1) };
}

/** Adds a box. With points there can be one box only, so it replaces the box that is there. */
export function withBox(drawing: Drawing, box: BoundingBox): Drawing {
  const kept = drawing.points.length > 0 ? [] : drawing.boxes;
  return { ...drawing, boxes: [...kept, { ...box, rest: {} }] };
}

/** The box between two corners; undefined when it has no width or no height. */
export function boxBetween(a: CanvasPoint, b: CanvasPoint): BoundingBox | undefined {
  const box = {
    xMin: Math.min(a.x, b.x),
    yMin: Math.min(a.y, b.y),
    xMax: Math.max(a.x, b.x),
    yMax: Math.max(a.y, b.y),
  };
  return box.xMin < box.xMax && box.yMin < box.yMax ? box : undefined;
}

/** The position of a pointer in fractions of a rectangle on the screen; one outside is moved to the edge. */
export function placeIn(
  rectangle: { left: number; top: number; width: number; height: number },
  on: { clientX: number; clientY: number },
): CanvasPoint {
  return inside({
    x: (on.clientX - rectangle.left) / rectangle.width,
    y: (on.clientY - rectangle.top) / rectangle.height,
  });
}

/** A position moved by fractions, not beyond the picture's edges. */
export function moved(place: CanvasPoint, dx: number, dy: number): CanvasPoint {
  return inside({ x: place.x + dx, y: place.y + dy });
}

function inside({ x, y }: CanvasPoint): CanvasPoint {
  return { x: rounded(Math.min(1, Math.max(0, x))), y: rounded(Math.min(1, Math.max(0, y))) };
}

function rounded(value: number): number {
  return Number(value.toFixed(DIGITS));
}

/** Index of the newest point within a radius of a position, or -1. Radius and size in pixels of the screen. */
export function pointAt({ points }: Drawing, { x, y }: CanvasPoint, size: ImageSize, radius: number): number {
  return points.findLastIndex((point) => Math.hypot((point.x - x) * size.width, (point.y - y) * size.height) <= radius);
}

/**
 * The prompt that the dialog's fields hold themselves (type json). A prompt from a message is not known here.
 * @param size of the upright picture in pixels
 * @throws Error that says what cannot be drawn
 */
export function readDrawing(fields: Fields, size: ImageSize): Drawing {
  const frame: Frame = fields.units === "pixel" ? { units: "pixel", imageSize: size } : { units: "fraction" };
  const boxes = readBoxes(parse(fields.boxes), frame);
  const ownPoints = boxes.flatMap(({ points }) => points);
  if (boxes.length > 1 && ownPoints.length > 0) throw new Error("boxes: several that have points of their own");
  const points = [...readPoints(parse(fields.points), frame), ...ownPoints];
  return {
    points: points.map(({ x, y, label }) => ({ x, y, label: label ?? 1 })),
    boxes: boxes.map(({ boundingBox, given }) => ({ ...boundingBox, rest: restOf(given) })),
  };
}

function parse({ value, type }: Fields["points"]): unknown {
  return type === "json" && value.trim() !== "" ? (JSON.parse(value) as unknown) : undefined;
}

function restOf(box: unknown): Record<string, unknown> {
  if (typeof box !== "object" || box === null || Array.isArray(box)) return {};
  return Object.fromEntries(Object.entries(box).filter(([name]) => name !== "points" && !COORDINATES.includes(name)));
}

/** A drawing as text for the fields, in fractions. One box is an object: an array would give messages `parts`. */
export function toFields({ points, boxes }: Drawing): { points: string; boxes: string } {
  const corners = boxes.map(({ rest, xMin, yMin, xMax, yMax }) => ({
    ...rest,
    ...{ xMin: rounded(xMin), yMin: rounded(yMin), xMax: rounded(xMax), yMax: rounded(yMax) },
  }));
  const places = points.map(({ x, y, label }) => ({ x: rounded(x), y: rounded(y), label }));
  return {
    points: places.length === 0 ? "" : JSON.stringify(places),
    boxes: corners.length === 0 ? "" : JSON.stringify(corners.length === 1 ? corners[0] : corners),
  };
}

/** A drawing as the prompt of a trial. */
export function toPrompt({ points, boxes }: Drawing): { points: Point[]; boxes: BoundingBox[] } {
  return {
    points: [...points],
    boxes: boxes.map(({ xMin, yMin, xMax, yMax }) => ({ xMin, yMin, xMax, yMax })),
  };
}

/** The drawing and its former versions. */
export class History {
  #steps: Drawing[];

  constructor(first: Drawing) {
    this.#steps = [first];
  }

  get current(): Drawing {
    return this.#steps.at(-1) ?? EMPTY;
  }

  add(drawing: Drawing): void {
    this.#steps.push(drawing);
  }

  get canUndo(): boolean {
    return this.#steps.length > 1;
  }

  /** Reverts the last step, if there is one. */
  undo(): void {
    if (this.canUndo) this.#steps.pop();
  }
}
