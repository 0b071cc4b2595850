import type { ImageSize } from "../../../src/api";
import { drawScene, type Scene } from "./shapes";

/** Buttons by the class that ends with this name. */
export type ButtonName = "include" | "exclude" | "undo" | "clear" | "refresh" | "try" | "use";

/** The picture fills the dialog's width, but is not higher than this. */
const MAX_HEIGHT = "60vh";

/** The elements of the prompt editor: buttons, picture with drawing, and the status line. */
export class Panel {
  readonly area: HTMLElement;
  readonly image: HTMLImageElement;
  readonly #svg: SVGSVGElement;
  readonly #status: HTMLElement;
  readonly #resizing: ResizeObserver;

  /**
   * @param root holds the elements of the editor, found by their classes
   * @param onResize called when the picture changes its size on the screen
   */
  constructor(
    private readonly root: HTMLElement,
    onResize: () => void,
  ) {
    this.area = this.#part(".segment-start-area", HTMLElement);
    this.image = this.#part(".segment-start-area img", HTMLImageElement);
    this.#svg = this.#part(".segment-start-area svg", SVGSVGElement);
    this.#status = this.#part(".segment-start-status", HTMLElement);
    this.#resizing = new ResizeObserver(onResize);
    this.#resizing.observe(this.image);
  }

  #part<T extends Element>(selector: string, type: new () => T): T {
    const found = this.root.querySelector(selector);
    if (found instanceof type) return found;
    throw new Error(`The dialog has no ${selector}.`);
  }

  #button(name: ButtonName): HTMLButtonElement {
    return this.#part(`.segment-start-${name}`, HTMLButtonElement);
  }

  onClick(name: ButtonName, act: () => void): void {
    this.#button(name).addEventListener("click", act);
  }

  enable(name: ButtonName, isEnabled: boolean): void {
    this.#button(name).disabled = !isEnabled;
  }

  /** Shows a button as pressed or not. */
  press(name: ButtonName, isPressed: boolean): void {
    this.#button(name).setAttribute("aria-pressed", String(isPressed));
    this.#button(name).classList.toggle("selected", isPressed);
  }

  /** Shows a text in the status line; a screen reader reads it. */
  say(text: string): void {
    this.#status.textContent = text;
  }

  /** Size of the picture in pixels of the screen. */
  get size(): ImageSize {
    return { width: this.image.clientWidth, height: this.image.clientHeight };
  }

  get hasPicture(): boolean {
    return !this.area.hidden;
  }

  /** Loads a picture in the place of the former one. It is not shown yet. */
  async load(picture: Blob): Promise<void> {
    this.releasePicture();
    this.image.src = URL.createObjectURL(picture);
    await this.image.decode();
  }

  /** Shows the picture that was loaded. Returns its own size in pixels. */
  showPicture(): ImageSize {
    const { naturalWidth: width, naturalHeight: height } = this.image;
    this.area.style.width = `min(100%, calc(${MAX_HEIGHT} * ${width / height}))`;
    this.area.hidden = false;
    return { width, height };
  }

  hidePicture(): void {
    this.area.hidden = true;
  }

  releasePicture(): void {
    if (this.image.src !== "") URL.revokeObjectURL(this.image.src);
  }

  draw(scene: Scene): void {
    drawScene(this.#svg, this.size, scene);
  }

  close(): void {
    this.#resizing.disconnect();
    this.releasePicture();
  }
}
