import type { Point, Prompt } from "../../api";
import { bytes } from "./arrays";
import { clearOutside, fillHoles, keepCentralPart, keepParts } from "./components";
import { CUT, cutRegions, type CutOptions } from "./cut";
import { promptInWindow } from "./frame";
import { pixelBox } from "./grid";
import { HINTS, readPrompt, type HintOptions } from "./hints";
import type { RegionFrame } from "./picture";

/** One way to read a prompt and cut. */
export interface Recipe extends CutOptions, HintOptions {
  /** The critic knows its cuts by this name; recipes for clicks are followed by the share of their window. */
  name: string;
  /** Keep only the part at the box's middle. */
  central?: boolean;
  /** Uses colours that a shadow hardly changes. */
  shadeless?: boolean;
}

const DEFAULT = { ...CUT, ...HINTS };
const SMOOTH = 2.5;
/** Grows from clicks up to a strong edge; colours hardly hold it back. */
const FAR = { bias: 1, colourWeight: 0.3, clickWeight: 2.5 };
const TIGHT = { span: 0.8, area: 0.2 };
const TIGHTER = { span: 0.93, area: 0.35 };
const TIGHTEST = { span: 0.97, area: 0.5 };

/**
 * For prompts with a box. The names say how the box is read:
 * - `tight…`: it is tight around the object, the more so the stronger the word;
 * - `loose`, `eager`: it only contains the object somewhere;
 * - `centre-80`, `centre-50`: the object is at its centre, with that percentage of its sides;
 * - `depth-15`, `depth-30`: the object is all that is behind an edge, seen from the border of the box.
 * `smooth` weighs a smooth contour more, `eager` prefers the object in doubt, `shadeless` ignores shadows.
 */
export const BOX_RECIPES: readonly Recipe[] = [
  { ...DEFAULT, name: "centre-80", smoothness: SMOOTH, centreShare: 0.8, centreWeight: 1.2, central: true },
  { ...DEFAULT, name: "centre-50", centreShare: 0.5, centreWeight: 1.2, central: true },
  { ...DEFAULT, name: "loose", central: true },
  { ...DEFAULT, name: "depth-15", fullDepth: 0.15, depthWeight: 1.2, colourWeight: 0.6, central: true },
  { ...DEFAULT, name: "depth-30", fullDepth: 0.3, depthWeight: 2, colourWeight: 0, central: true },
  { ...DEFAULT, name: "tight", tight: TIGHT },
  { ...DEFAULT, name: "tighter", tight: TIGHTER },
  { ...DEFAULT, name: "tightest", tight: TIGHTEST },
  { ...DEFAULT, name: "tight-smooth", smoothness: SMOOTH, tight: TIGHT },
  { ...DEFAULT, name: "eager", bias: 0.6 },
  {
    ...DEFAULT,
    name: "shadeless-centre-80",
    centreShare: 0.8,
    centreWeight: 1.2,
    smoothness: SMOOTH,
    central: true,
    shadeless: true,
  },
  { ...DEFAULT, name: "shadeless-tight", tight: TIGHT, shadeless: true },
  { ...DEFAULT, name: "shadeless-tighter", tight: TIGHTER, shadeless: true },
  { ...DEFAULT, name: "shadeless-eager", bias: 0.6, shadeless: true },
];

/**
 * For clicks: windows around them, as shares of the picture's long side, and how to cut in each. `eager` and `reluctant`
 * prefer object or background in doubt, `light-click` trusts the distance to the clicks less, `far` grows from them up to
 * a strong edge.
 */
export const CLICK_RECIPES: readonly { share: number; recipes: readonly Recipe[] }[] = [
  {
    share: 0.6,
    recipes: [
      { ...DEFAULT, name: "eager", bias: 0.6 },
      { ...DEFAULT, name: "far", ...FAR },
      { ...DEFAULT, name: "shadeless", shadeless: true },
      { ...DEFAULT, name: "shadeless-far", ...FAR, shadeless: true },
    ],
  },
  {
    share: 1,
    recipes: [
      { ...DEFAULT, name: "eager", bias: 0.6 },
      { ...DEFAULT, name: "very-eager", bias: 1.2 },
      { ...DEFAULT, name: "reluctant", bias: -0.6 },
      { ...DEFAULT, name: "light-click", clickWeight: 0.7 },
      { ...DEFAULT, name: "smooth", smoothness: 4 },
      { ...DEFAULT, name: "far", ...FAR },
      { ...DEFAULT, name: "shadeless", shadeless: true },
      { ...DEFAULT, name: "shadeless-eager", bias: 0.6, shadeless: true },
    ],
  },
  {
    share: 0.35,
    recipes: [
      { ...DEFAULT, name: "eager", bias: 0.6 },
      { ...DEFAULT, name: "shadeless-far", ...FAR, shadeless: true },
    ],
  },
  {
    share: 0.2,
    recipes: [
      { ...DEFAULT, name: "eager", bias: 0.6 },
      { ...DEFAULT, name: "shadeless-far", ...FAR, shadeless: true },
    ],
  },
];

/**
 * Cuts an object out of a frame by one recipe.
 * @param prompt in fractions of the picture
 * @returns a mask on the frame's grid, 1 = object
 */
export function cutOut(frame: RegionFrame, prompt: Prompt, recipe: Recipe): Uint8Array {
  const local = promptInWindow(prompt, frame.window);
  const { width, height } = frame;
  const { graph, kernel } = recipe.shadeless ? frame.shadeless : frame;
  const box = local.boundingBox && pixelBox(local.boundingBox, width, height);
  const hints = readPrompt({ graph, width, height }, local, recipe);
  const side = cutRegions(graph, kernel, hints, recipe, box);
  const mask = bytes(graph.label.length, (i) => side[graph.label[i]!]!);
  const points = pointsInside(local);
  if (!box) return fillHoles(keepParts(mask, width, height, points), width, height, points);
  clearOutside(mask, width, height, box);
  const kept = recipe.central ? keepCentralPart(mask, width, height, box, points) : keepParts(mask, width, height, []);
  return fillHoles(kept, width, height, points);
}

/** The points of a prompt that are inside the window. @param prompt in fractions of the window */
export function pointsInside(prompt: Prompt): Point[] {
  return (prompt.points ?? []).filter(({ x, y }) => x >= 0 && x <= 1 && y >= 0 && y <= 1);
}
