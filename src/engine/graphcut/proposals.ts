import { pointLabel, type BoundingBox, type Point, type Prompt } from "../../api";
import { growBox, WHOLE } from "./frame";
import { BOX_RECIPES, CLICK_RECIPES, cutOut } from "./hypotheses";
import type { PreparedPicture, RegionFrame } from "./picture";

/** A hypothesis: what the prompt may mean. */
export interface Proposal {
  /** Which recipe it comes from, in the critic's words. */
  name: string;
  frame: RegionFrame;
  /** 1 = object, one byte a pixel of the frame. */
  mask: Uint8Array;
}

/** How much of a box's size is looked at around it. */
const BOX_MARGIN = 0.25;
/** How much wider than the clicks' own spread a window around them is at least. */
const CLICK_MARGIN = 0.6;

/** Cuts by all recipes that fit the prompt, by the first only where it has to be fast. */
export function propose(picture: PreparedPicture, prompt: Prompt, fast = false): Proposal[] {
  const found: Proposal[] = [];
  const first = fast ? 1 : Infinity;
  if (prompt.boundingBox) {
    const frame = picture.frame(growBox(prompt.boundingBox, BOX_MARGIN));
    for (const recipe of BOX_RECIPES.slice(0, first)) {
      found.push({ name: recipe.name, frame, mask: cutOut(frame, prompt, recipe) });
    }
    return found;
  }
  const clicks = (prompt.points ?? []).filter((point) => pointLabel(point) === 1);
  if (clicks.length > 0) {
    for (const { share, recipes } of CLICK_RECIPES.slice(0, first)) {
      const frame = picture.frame(windowAround(picture, clicks, share), true);
      for (const recipe of recipes.slice(0, first)) {
        found.push({ name: `${recipe.name}${share}`, frame, mask: cutOut(frame, prompt, recipe) });
      }
    }
  }
  return found;
}

/** A window around clicks whose sides are a share of the picture's long side. */
function windowAround({ image }: PreparedPicture, clicks: Point[], share: number): BoundingBox {
  if (share >= 1) return WHOLE;
  const longSide = Math.max(image.width, image.height);
  const reach = (values: number[], side: number): [number, number] => {
    const low = Math.min(...values);
    const high = Math.max(...values);
    const half = Math.max((share * longSide) / side / 2, CLICK_MARGIN * (high - low));
    return [Math.max(0, (low + high) / 2 - half), Math.min(1, (low + high) / 2 + half)];
  };
  const [xMin, xMax] = reach(
    clicks.map(({ x }) => x),
    image.width,
  );
  const [yMin, yMax] = reach(
    clicks.map(({ y }) => y),
    image.height,
  );
  return { xMin, yMin, xMax, yMax };
}
