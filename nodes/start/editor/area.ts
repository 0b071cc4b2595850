import type { BoundingBox } from "../../../src/api";
import { boxBetween, moved, placeIn } from "./prompt-drawing";
import type { CanvasPoint } from "./prompt-drawing";

/** Is notified of pointers and keys in the drawing area. */
export interface AreaListener {
  /** The user has set a point, or hit one that is there. */
  point(place: CanvasPoint, label: 0 | 1): void;
  box(box: BoundingBox): void;
  undo(): void;
  clear(): void;
  /** A key has moved the crosshair. */
  moved(place: CanvasPoint): void;
  /** A key has set the first corner of a box. */
  boxBegun(place: CanvasPoint): void;
  boxCancelled(): void;
  /** Draft or crosshair have changed. */
  changed(): void;
}

/** A pointer that is down, or a box that a key has begun. */
interface Gesture {
  from: CanvasPoint;
  /** Where the pointer went down, in pixels; undefined for a key. */
  clientX?: number;
  clientY?: number;
  label: 0 | 1;
  draft?: BoundingBox;
}

/** A pointer that moves by fewer pixels is a click. */
const DRAG_PIXELS = 5;
/** Steps of the crosshair for an arrow key, alone and with Shift, in fractions of the picture. */
const STEP = 0.01;
const LONG_STEP = 0.05;
const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Turns pointers (mouse, pen, finger) and keys on the picture into points and boxes. */
export class DrawingArea {
  /** Label of a plain click: object (1) or background (0). */
  label: 0 | 1 = 1;
  #gesture: Gesture | undefined;
  /** Position of the crosshair, where keys act. */
  #cursor: CanvasPoint = { x: 0.5, y: 0.5 };
  #showsCursor = false;

  constructor(
    private readonly area: HTMLElement,
    private readonly image: HTMLImageElement,
    private readonly listener: AreaListener,
  ) {
    this.#listenToPointers();
    area.addEventListener("keydown", (event) => this.#pressed(event));
    area.addEventListener("focus", () => this.#showCursor(area.matches(":focus-visible")));
    area.addEventListener("blur", () => this.#showCursor(false));
  }

  /** The box that is being drawn. */
  get draft(): BoundingBox | undefined {
    return this.#gesture?.draft;
  }

  /** Where the crosshair is, while it is shown. */
  get crosshair(): CanvasPoint | undefined {
    return this.#showsCursor ? this.#cursor : undefined;
  }

  #listenToPointers(): void {
    const { area } = this;
    area.addEventListener("contextmenu", (event) => event.preventDefault());
    area.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 && event.button !== 2) return;
      area.setPointerCapture(event.pointerId);
      const isBackground = event.button === 2 || event.shiftKey;
      const { clientX, clientY } = event;
      this.#gesture = { from: this.#placeOf(event), clientX, clientY, label: isBackground ? 0 : this.label };
      this.#showCursor(false);
    });
    area.addEventListener("pointermove", (event) => {
      const { clientX, clientY, from } = this.#gesture ?? {};
      if (clientX === undefined || clientY === undefined || from === undefined) return;
      const distance = Math.hypot(event.clientX - clientX, event.clientY - clientY);
      if (distance > DRAG_PIXELS || this.draft !== undefined) this.#draftTo(this.#placeOf(event));
    });
    area.addEventListener("pointerup", () => {
      const gesture = this.#gesture;
      if (gesture?.clientX === undefined) return; // it went down elsewhere
      this.#gesture = undefined;
      if (gesture.draft === undefined) this.listener.point(gesture.from, gesture.label);
      else this.listener.box(gesture.draft);
    });
    area.addEventListener("pointercancel", () => {
      this.#gesture = undefined;
      this.listener.changed();
    });
  }

  #placeOf(event: PointerEvent): CanvasPoint {
    return placeIn(this.image.getBoundingClientRect(), event);
  }

  #pressed(event: KeyboardEvent): void {
    if (!this.#follows(event)) return;
    // The editor has keys of its own, such as Delete and Ctrl+Z for nodes.
    event.preventDefault();
    event.stopPropagation();
  }

  /** Carries out the command of a key. Returns false for a key without one. */
  #follows({ key, shiftKey, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
    const arrow = ARROWS[key];
    if (ctrlKey || metaKey || altKey) {
      if (key.toLowerCase() !== "z" || altKey) return false;
      this.listener.undo();
    } else if (arrow !== undefined) this.#move(arrow, shiftKey ? LONG_STEP : STEP);
    else if (key === "Enter" || key === " ") this.listener.point(this.#cursor, shiftKey ? 0 : this.label);
    else if (key.toLowerCase() === "b") this.#corner();
    else if (key === "Backspace") this.listener.undo();
    else if (key === "Delete") this.listener.clear();
    else if (key === "Escape" && this.#gesture !== undefined) this.#cancelBox();
    else return false;
    return true;
  }

  #move([dx, dy]: [number, number], step: number): void {
    this.#cursor = moved(this.#cursor, dx * step, dy * step);
    this.#showCursor(true);
    this.#draftTo(this.#cursor);
    this.listener.moved(this.#cursor);
  }

  #showCursor(isShown: boolean): void {
    this.#showsCursor = isShown;
    this.listener.changed();
  }

  /** Begins a box by a key, or ends it. */
  #corner(): void {
    const gesture = this.#gesture;
    this.#showCursor(true);
    if (gesture === undefined) {
      this.#gesture = { from: this.#cursor, label: 1 };
      this.listener.boxBegun(this.#cursor);
    } else if (gesture.draft !== undefined) {
      this.#gesture = undefined;
      this.listener.box(gesture.draft);
    }
  }

  #cancelBox(): void {
    this.#gesture = undefined;
    this.listener.boxCancelled();
    this.listener.changed();
  }

  #draftTo(place: CanvasPoint): void {
    if (this.#gesture === undefined) return;
    this.#gesture.draft = boxBetween(this.#gesture.from, place);
    this.listener.changed();
  }
}
