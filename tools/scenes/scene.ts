/** A drawn picture with one object whose outline is known exactly. */
export interface Scene {
  /** Start of the file names: `{name}.jpg` and `{name}-mask.png`. */
  name: string;
  /** Pixels of the finished picture. */
  width: number;
  height: number;
  /** Seed of the camera's noise. */
  seed: number;
  /** SVG elements of the whole picture, in pixels of the finished picture. */
  drawing: string;
  /** SVG elements that cover the object, drawn in white: the mask. */
  object: string;
}
