import { pointLabel, type BoundingBox, type Point, type Prompt } from "../../api";
import { bytes } from "./arrays";
import { fillHoles, keepParts } from "./components";
import { growBox, promptInWindow, WHOLE } from "./frame";
import { BOX_RECIPES, CLICK_RECIPES, cutOut, pointsInside, type Recipe } from "./hypotheses";
import type { PreparedPicture, RegionFrame } from "./picture";

/** One reading of a prompt: an object that it may mean. */
export interface Proposal {
  /** The critic's name for the recipe that it comes from. */
  name: string;
  frame: RegionFrame;
  /** 1 = object, one byte a pixel of the frame. */
  mask: Uint8Array;
}

/** Margin of the frame around a box, as a share of the box's size. */
const BOX_MARGIN = 0.25;
/** Smallest half width of a window around clicks, over the distance between them. */
const CLICK_MARGIN = 0.6;

/** Shares of the cuts that must agree on a pixel, for cuts by vote; and how many a vote needs. */
const VOTES = [0.35, 0.6];
const MIN_VOTERS = 4;

/** Cuts by all recipes for the kind of prompt, or only by the first one if it must be fast. */
export function propose(picture: PreparedPicture, prompt: Prompt, fast = false): Proposal[] {
  const found: Proposal[] = [];
  const first = fast ? 1 : Infinity;
  if (prompt.boundingBox) {
    const frame = picture.frame(growBox(prompt.boundingBox, BOX_MARGIN));
    for (const recipe of BOX_RECIPES.slice(0, first)) {
      found.push({ name: recipe.name, frame, mask: cutOut(frame, prompt, recipe) });
    }
    return fast ? found : [...found, ...VOTES.map((share) => vote(found, prompt, share, `vote-${share}`))];
  }
  const clicks = (prompt.points ?? []).filter((point) => pointLabel(point) === 1);
  if (clicks.length > 0) {
    for (const { share, recipes } of CLICK_RECIPES.slice(0, first)) {
      const frame = picture.frame(windowAround(picture, clicks, share), true);
      for (const recipe of recipes.slice(0, first)) {
        found.push({ name: clickName(recipe, share), frame, mask: cutOut(frame, prompt, recipe) });
      }
      if (!fast && recipes.length >= MIN_VOTERS)
        found.push(vote(found.slice(-recipes.length), prompt, 0.5, `vote-${share}`));
    }
  }
  return found;
}

/** The critic's name for the cut of a recipe in a window of that share around clicks. */
export function clickName({ name }: Pick<Recipe, "name">, share: number): string {
  return `${name}-${share}`;
}

/** The pixels on which at least a share of several proposals on one frame agree. */
function vote(voters: Proposal[], prompt: Prompt, share: number, name: string): Proposal {
  const { frame } = voters[0]!;
  const { width, height } = frame;
  const mask = bytes(width * height, (i) => {
    let count = 0;
    for (const voter of voters) count += voter.mask[i]!;
    return count >= share * voters.length ? 1 : 0;
  });
  const points = pointsInside(promptInWindow(prompt, frame.window));
  return { name, frame, mask: fillHoles(keepParts(mask, width, height, points), width, height, points) };
}

/** A window around clicks whose sides are a share of the picture's long side. */
export function windowAround({ image }: PreparedPicture, clicks: Point[], share: number): BoundingBox {
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
