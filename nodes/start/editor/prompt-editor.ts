import type { BoundingBox, Point, Segment } from "../../../src/api";
import { DrawingArea } from "./area";
import { Panel } from "./panel";
import {
  EMPTY,
  History,
  isEmpty,
  pointAt,
  readDrawing,
  refusesPoints,
  toFields,
  toPrompt,
  withBox,
  withoutPoint,
  withPoint,
  type CanvasPoint,
  type Drawing,
  type Fields,
} from "./prompt-drawing";
import { MARK_RADIUS } from "./shapes";
import { boxText, failureText, percent, trialText, type Translate, type Trial } from "./texts";

/** What the prompt editor needs from the dialog. Promises reject with a RequestFailure. */
export interface Dialog {
  text: Translate;
  loadPicture(): Promise<Blob>;
  tryPrompt(prompt: { points: Point[]; boxes: BoundingBox[] }): Promise<Trial>;
  readFields(): Fields;
  /** Makes a prompt the node's own. */
  writeFields(fields: { points: string; boxes: string }): void;
}

/** Draws points and boxes on the last picture that passed the node. */
export class PromptEditor {
  readonly #dialog: Dialog;
  readonly #panel: Panel;
  readonly #hand: DrawingArea;
  /** undefined until there is a picture: pixels in the fields refer to its size. */
  #history: History | undefined;
  #used: Drawing = EMPTY;
  #segments: readonly Segment[] = [];
  /** Numbers of the last requests: responses to older ones are out of date. */
  #load = 0;
  #trial = 0;
  /** Number of the trial that runs. */
  #running: number | undefined;

  /** @param root holds the elements of the editor, found by their classes */
  constructor(root: HTMLElement, dialog: Dialog) {
    this.#dialog = dialog;
    this.#panel = new Panel(root, () => this.#draw());
    this.#hand = new DrawingArea(this.#panel.area, this.#panel.image, {
      point: (place, label) => this.#toggle(place, label),
      box: (box) => this.#addBox(box),
      undo: () => this.#undo(),
      clear: () => this.#clear(),
      moved: (place) => this.#panel.say(percent(place)),
      boxBegun: (place) => this.#say("segment-start.prompt.boxBegun", place),
      boxCancelled: () => this.#say("segment-start.prompt.boxCancelled"),
      changed: () => this.#draw(),
    });
    this.#panel.onClick("include", () => this.#choose(1));
    this.#panel.onClick("exclude", () => this.#choose(0));
    this.#panel.onClick("undo", () => this.#undo());
    this.#panel.onClick("clear", () => this.#clear());
    this.#panel.onClick("refresh", () => void this.load());
    this.#panel.onClick("try", () => void this.#try());
    this.#panel.onClick("use", () => this.#use());
    this.#choose(1);
    this.#draw();
  }

  /** Whether the drawing holds something that the node does not have. */
  get isUnused(): boolean {
    return this.#drawing !== this.#used && !isEmpty(this.#drawing);
  }

  /** Shows the newest picture. The drawing stays. */
  async load(): Promise<void> {
    const load = ++this.#load;
    this.#say("segment-start.prompt.loading");
    try {
      const picture = await this.#dialog.loadPicture();
      if (load !== this.#load) return;
      this.#forgetResult();
      await this.#panel.load(picture);
      if (load !== this.#load) return;
      this.#showPicture();
    } catch (error) {
      if (load !== this.#load) return;
      this.#panel.hidePicture();
      this.#panel.say(failureText(this.#dialog.text, error));
    }
    this.#draw();
  }

  /** Releases the picture and ignores responses that are still to come. */
  close(): void {
    this.#load++;
    this.#forgetResult();
    this.#panel.close();
  }

  get #drawing(): Drawing {
    return this.#history?.current ?? EMPTY;
  }

  /** Shows the picture, and with the first one the node's own prompt. */
  #showPicture(): void {
    const size = this.#panel.showPicture();
    this.#panel.say(this.#dialog.text("segment-start.prompt.shown", { ...size }));
    if (this.#history !== undefined) return;
    try {
      this.#used = readDrawing(this.#dialog.readFields(), size);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#panel.say(this.#dialog.text("segment-start.prompt.unreadable", { reason }));
    }
    this.#history = new History(this.#used);
  }

  #addBox(box: BoundingBox): void {
    const isReplaced = this.#drawing.points.length > 0 && this.#drawing.boxes.length > 0;
    this.#change(withBox(this.#drawing, box));
    this.#panel.say(boxText(this.#dialog.text, box, isReplaced));
  }

  /** Adds a point, or removes the one that is there. */
  #toggle(place: CanvasPoint, label: 0 | 1): void {
    const index = pointAt(this.#drawing, place, this.#panel.size, MARK_RADIUS);
    if (index >= 0) {
      this.#change(withoutPoint(this.#drawing, index));
      this.#say("segment-start.prompt.pointRemoved", place);
    } else if (refusesPoints(this.#drawing)) {
      this.#draw();
      this.#say("segment-start.prompt.manyBoxes");
    } else {
      this.#change(withPoint(this.#drawing, place, label));
      this.#say(label === 1 ? "segment-start.prompt.foreground" : "segment-start.prompt.background", place);
    }
  }

  #undo(): void {
    if (this.#history?.canUndo !== true) return;
    this.#history.undo();
    this.#changed();
    this.#say("segment-start.prompt.undone");
  }

  #clear(): void {
    if (isEmpty(this.#drawing)) return;
    this.#change(EMPTY);
    this.#say("segment-start.prompt.cleared");
  }

  #change(drawing: Drawing): void {
    this.#history?.add(drawing);
    this.#changed();
  }

  #changed(): void {
    this.#forgetResult();
    this.#draw();
  }

  /** A result holds only for its own prompt and picture. */
  #forgetResult(): void {
    this.#trial++;
    this.#segments = [];
  }

  /** Sets what a plain click marks: the object (1) or the background (0). */
  #choose(label: 0 | 1): void {
    this.#hand.label = label;
    this.#panel.press("include", label === 1);
    this.#panel.press("exclude", label === 0);
  }

  async #try(): Promise<void> {
    if (this.#running === this.#trial) return; // this very prompt is being tried
    const trial = (this.#running = ++this.#trial);
    this.#say("segment-start.prompt.trying");
    try {
      const result = await this.#dialog.tryPrompt(toPrompt(this.#drawing));
      if (trial !== this.#trial) return;
      this.#segments = result.segments;
      this.#panel.say(trialText(this.#dialog.text, result));
    } catch (error) {
      if (trial !== this.#trial) return;
      this.#panel.say(failureText(this.#dialog.text, error));
    } finally {
      if (this.#running === trial) this.#running = undefined;
    }
    this.#draw();
  }

  #use(): void {
    this.#dialog.writeFields(toFields(this.#drawing));
    this.#used = this.#drawing;
    this.#say("segment-start.prompt.used");
  }

  #say(key: string, place?: CanvasPoint): void {
    this.#panel.say(this.#dialog.text(key, place && { place: percent(place) }));
  }

  #draw(): void {
    const { hasPicture } = this.#panel;
    const canUse = hasPicture && !isEmpty(this.#drawing);
    for (const name of ["include", "exclude"] as const) this.#panel.enable(name, hasPicture);
    for (const name of ["clear", "try", "use"] as const) this.#panel.enable(name, canUse);
    this.#panel.enable("undo", hasPicture && this.#history?.canUndo === true);
    this.#panel.draw({
      drawing: this.#drawing,
      draft: this.#hand.draft,
      crosshair: this.#hand.crosshair,
      segments: this.#segments,
    });
  }
}
