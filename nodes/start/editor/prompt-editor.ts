import type { BoundingBox, ImageSize, Point, Segment } from "../../../src/api";
import { DrawingArea } from "./area";
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
  type Drawing,
  type Fields,
} from "./prompt-drawing";
import { drawScene, MARK_RADIUS } from "./shapes";
import type { CanvasPoint } from "./prompt-drawing";

/** What the server tells of a prompt that was tried. */
interface Trial {
  segments: Segment[];
  score: number | null;
  ms: number;
  engine?: { name: string };
}

/** Why a request to the server has failed. */
interface Failure {
  /** HTTP status; 0 when there was no answer. */
  status: number;
  code?: string;
  message?: string;
}

/** What the dialog does for the prompt editor. Promises reject with a {@link Failure}. */
interface Dialog {
  /** A text of the catalogue. */
  text(key: string, values?: Record<string, string | number>): string;
  loadPicture(): Promise<Blob>;
  tryPrompt(prompt: { points: Point[]; boxes: BoundingBox[] }): Promise<Trial>;
  readFields(): Fields;
  /** Makes a prompt the node's own. */
  writeFields(fields: { points: string; boxes: string }): void;
}

/** The picture fills the dialog's width, but is not higher than this. */
const HIGHEST = "60vh";
/** Draws points and boxes on the last picture that passed the node. */
export class PromptEditor {
  readonly #root: HTMLElement;
  readonly #dialog: Dialog;
  readonly #area: HTMLElement;
  readonly #image: HTMLImageElement;
  readonly #svg: SVGSVGElement;
  readonly #hand: DrawingArea;
  readonly #resizing = new ResizeObserver(() => this.#draw());
  /** undefined until there was a picture, whose size pixels refer to. */
  #history: History | undefined;
  #used: Drawing = EMPTY;
  #segments: readonly Segment[] = [];
  /** Numbers of the last requests: what older ones bring is out of date. */
  #load = 0;
  #trial = 0;
  /** Number of the trial that runs. */
  #running: number | undefined;

  /** @param root holds the parts of the editor by their classes */
  constructor(root: HTMLElement, dialog: Dialog) {
    this.#root = root;
    this.#dialog = dialog;
    this.#area = this.#part(".segment-start-area", HTMLElement);
    this.#image = this.#part(".segment-start-area img", HTMLImageElement);
    this.#svg = this.#part(".segment-start-area svg", SVGSVGElement);
    this.#resizing.observe(this.#image);
    this.#hand = new DrawingArea(this.#area, this.#image, {
      point: (place, label) => this.#toggle(place, label),
      box: (box) => this.#addBox(box),
      undo: () => this.#undo(),
      clear: () => this.#clear(),
      moved: (place) => this.#say(percent(place)),
      boxBegun: (place) =>
        this.#tell(place === undefined ? "segment-start.prompt.boxCancelled" : "segment-start.prompt.boxBegun", place),
      changed: () => this.#draw(),
    });
    this.#onClick("include", () => this.#choose(1));
    this.#onClick("exclude", () => this.#choose(0));
    this.#onClick("undo", () => this.#undo());
    this.#onClick("clear", () => this.#clear());
    this.#onClick("refresh", () => void this.load());
    this.#onClick("try", () => void this.#try());
    this.#onClick("use", () => this.#use());
    this.#choose(1);
    this.#draw();
  }

  /** Whether something is drawn that the node does not have. */
  get isUnused(): boolean {
    return this.#drawing !== this.#used && !isEmpty(this.#drawing);
  }

  /** Shows the newest picture; what is drawn stays. */
  async load(): Promise<void> {
    const load = ++this.#load;
    this.#tell("segment-start.prompt.loading");
    try {
      const blob = await this.#dialog.loadPicture();
      if (load !== this.#load) return;
      this.#forgetPicture();
      this.#image.src = URL.createObjectURL(blob);
      await this.#image.decode();
      if (load !== this.#load) return;
      this.#shows();
    } catch (error) {
      if (load !== this.#load) return;
      this.#area.hidden = true;
      this.#say(this.#reason(error));
    }
    this.#draw();
  }

  /** Lets go of the picture. */
  close(): void {
    this.#load++;
    this.#resizing.disconnect();
    this.#forgetPicture();
  }

  get #drawing(): Drawing {
    return this.#history?.current ?? EMPTY;
  }

  /** In pixels of the screen. */
  get #size(): ImageSize {
    return { width: this.#image.clientWidth, height: this.#image.clientHeight };
  }

  #part<T extends Element>(selector: string, type: new () => T): T {
    const found = this.#root.querySelector(selector);
    if (found instanceof type) return found;
    throw new Error(`The dialog has no ${selector}.`);
  }

  #button(name: string): HTMLButtonElement {
    return this.#part(`.segment-start-${name}`, HTMLButtonElement);
  }

  #onClick(name: string, act: () => void): void {
    this.#button(name).addEventListener("click", act);
  }

  /** There is a picture: its size is known now, which pixels in the fields refer to. */
  #shows(): void {
    const { naturalWidth: width, naturalHeight: height } = this.#image;
    this.#area.style.width = `min(100%, calc(${HIGHEST} * ${width / height}))`;
    this.#area.hidden = false;
    this.#say(this.#dialog.text("segment-start.prompt.shown", { width, height }));
    if (this.#history !== undefined) return;
    try {
      this.#used = readDrawing(this.#dialog.readFields(), { width, height });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#say(this.#dialog.text("segment-start.prompt.unreadable", { reason }));
    }
    this.#history = new History(this.#used);
  }

  #forgetPicture(): void {
    if (this.#image.src !== "") URL.revokeObjectURL(this.#image.src);
    this.#trial++;
    this.#segments = [];
  }

  #addBox(box: BoundingBox): void {
    const isReplaced = this.#drawing.points.length > 0 && this.#drawing.boxes.length > 0;
    const corners = {
      from: percent({ x: box.xMin, y: box.yMin }),
      to: percent({ x: box.xMax, y: box.yMax }),
    };
    this.#change(withBox(this.#drawing, box));
    const key = isReplaced ? "segment-start.prompt.boxReplaced" : "segment-start.prompt.box";
    this.#say(this.#dialog.text(key, corners));
  }

  /** Puts a point, or takes away the one that is there. */
  #toggle(place: CanvasPoint, label: 0 | 1): void {
    const index = pointAt(this.#drawing, place, this.#size, MARK_RADIUS);
    if (index >= 0) {
      this.#change(withoutPoint(this.#drawing, index));
      this.#tell("segment-start.prompt.pointRemoved", place);
    } else if (refusesPoints(this.#drawing)) {
      this.#draw();
      this.#tell("segment-start.prompt.manyBoxes");
    } else {
      this.#change(withPoint(this.#drawing, place, label));
      this.#tell(label === 1 ? "segment-start.prompt.foreground" : "segment-start.prompt.background", place);
    }
  }

  #undo(): void {
    if (this.#history?.canUndo !== true) return;
    this.#history.undo();
    this.#changed();
    this.#tell("segment-start.prompt.undone");
  }

  #clear(): void {
    if (isEmpty(this.#drawing)) return;
    this.#change(EMPTY);
    this.#tell("segment-start.prompt.cleared");
  }

  #change(drawing: Drawing): void {
    this.#history?.add(drawing);
    this.#changed();
  }

  /** A result holds for the prompt that it came of. */
  #changed(): void {
    this.#trial++;
    this.#segments = [];
    this.#draw();
  }

  #choose(label: 0 | 1): void {
    this.#hand.label = label;
    for (const [name, value] of [
      ["include", 1],
      ["exclude", 0],
    ] as const) {
      this.#button(name).setAttribute("aria-pressed", String(value === label));
      this.#button(name).classList.toggle("selected", value === label);
    }
  }

  async #try(): Promise<void> {
    if (this.#running === this.#trial) return; // this very prompt is being tried
    const trial = (this.#running = ++this.#trial);
    this.#tell("segment-start.prompt.trying");
    try {
      const result = await this.#dialog.tryPrompt(toPrompt(this.#drawing));
      if (trial !== this.#trial) return;
      this.#segments = result.segments;
      this.#say(this.#resultText(result));
    } catch (error) {
      if (trial !== this.#trial) return;
      this.#say(this.#reason(error));
    } finally {
      if (this.#running === trial) this.#running = undefined;
    }
    this.#draw();
  }

  #resultText({ segments, score, ms, engine }: Trial): string {
    const values = { seconds: (ms / 1000).toFixed(1), engine: engine?.name ?? "" };
    if (score === null) return this.#dialog.text("segment-start.prompt.nothing", values);
    const key = segments.length > 1 ? "segment-start.prompt.results" : "segment-start.prompt.result";
    return this.#dialog.text(key, { ...values, count: segments.length, score: score.toFixed(2) });
  }

  #use(): void {
    this.#dialog.writeFields(toFields(this.#drawing));
    this.#used = this.#drawing;
    this.#tell("segment-start.prompt.used");
  }

  /** Tells what has changed, also to a screen reader. */
  #tell(key: string, place?: CanvasPoint): void {
    this.#say(this.#dialog.text(key, place && { place: percent(place) }));
  }

  #say(text: string): void {
    this.#part(".segment-start-status", HTMLElement).textContent = text;
  }

  #reason(error: unknown): string {
    const failure: Partial<Failure> = typeof error === "object" && error !== null ? error : {};
    const { status, code, message } = failure;
    if (status === 401) return this.#dialog.text("segment-start.prompt.noPermission");
    if (code === "no-picture") return this.#dialog.text("segment-start.prompt.noPicture", { reason: message ?? "" });
    return this.#dialog.text("segment-start.prompt.failed", { reason: message ?? String(status ?? error) });
  }

  #draw(): void {
    const hasPicture = !this.#area.hidden;
    const enable = (names: string[], isUseful: boolean): void => {
      for (const name of names) this.#button(name).disabled = !(hasPicture && isUseful);
    };
    enable(["include", "exclude"], true);
    enable(["undo"], this.#history?.canUndo === true);
    enable(["clear", "try", "use"], !isEmpty(this.#drawing));
    drawScene(this.#svg, this.#size, {
      drawing: this.#drawing,
      draft: this.#hand.draft,
      crosshair: this.#hand.crosshair,
      segments: this.#segments,
    });
  }
}

function percent({ x, y }: CanvasPoint): string {
  return `${Math.round(x * 100)} %, ${Math.round(y * 100)} %`;
}
