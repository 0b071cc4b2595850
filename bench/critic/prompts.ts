import type { BoundingBox, ImageSize, Point, Prompt } from "../../src/api";
import { distanceToContour } from "../../src/engine/pixels/band";
import { growBox } from "../../src/engine/graphcut/frame";

/** Box and points by which a person would mark an object, in fractions of the picture. */
export interface Pointers {
  box: BoundingBox;
  /** Three points on the object, the first one deep inside. */
  foreground: Point[];
  /** Up to two points beside it. */
  background: Point[];
}

/** A prompt and its name in the tables. */
export interface NamedPrompt {
  name: string;
  prompt: Prompt;
}

/** Depth in pixels beyond which no difference is made. */
const MAX_DEPTH = 250;

/**
 * The prompts from which the critic learns: boxes from tight to three times as wide as the object and some that are off
 * to one side, single clicks on several places, several points, and both.
 */
export function trainingPrompts(
  { box, foreground, background }: Pointers,
  isOnObject: (point: Point) => boolean,
  random: () => number,
): NamedPrompt[] {
  const boxes = [0, 0.1, 0.125, 0.25, 0.5, 1].map((share) => ({
    name: share === 0 ? "box" : `box +${Math.round(200 * share)} %`,
    prompt: { boundingBox: growBox(box, share) },
  }));
  const first = foreground.slice(0, 1);
  const lopsided = { name: "box, off", prompt: { boundingBox: growUnevenly(box, random) } };
  const halfway = foreground.slice(1).map((point) => middleOf(first[0] ?? point, point));
  const clicks = [...foreground, ...halfway.filter(isOnObject)].map((point, index) => ({
    name: index === 0 ? "point" : "point, off",
    prompt: { points: [point] },
  }));
  const several = [
    { name: "points", prompt: { points: [...foreground, ...background] } },
    { name: "2 points", prompt: { points: [...first, ...background.slice(0, 1)] } },
  ].filter(({ prompt }) => prompt.points.length > 1);
  return [
    ...boxes,
    lopsided,
    ...clicks,
    ...several,
    { name: "box+point", prompt: { points: first, boundingBox: box } },
    { name: "box +50 %, point", prompt: { points: first, boundingBox: growBox(box, 0.25) } },
  ];
}

function middleOf(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, label: 1 };
}

/** Each side moves outward by up to half of the box's size. */
function growUnevenly({ xMin, yMin, xMax, yMax }: BoundingBox, random: () => number): BoundingBox {
  const [width, height] = [xMax - xMin, yMax - yMin];
  const grow = (): number => random() / 2;
  return {
    xMin: Math.max(0, xMin - grow() * width),
    yMin: Math.max(0, yMin - grow() * height),
    xMax: Math.min(1, xMax + grow() * width),
    yMax: Math.min(1, yMax + grow() * height),
  };
}

/** Points at a mask as a person would: a box dragged a little too wide, a click in the middle, more clicks anywhere. */
export function pointAt(mask: Uint8Array, { width, height }: ImageSize, random: () => number): Pointers {
  const inside: number[] = [];
  const box = { xMin: width, yMin: height, xMax: 0, yMax: 0 };
  mask.forEach((value, i) => {
    if (value === 0) return;
    inside.push(i);
    box.xMin = Math.min(box.xMin, i % width);
    box.xMax = Math.max(box.xMax, (i % width) + 1);
    box.yMin = Math.min(box.yMin, Math.floor(i / width));
    box.yMax = Math.max(box.yMax, Math.floor(i / width) + 1);
  });
  const depth = distanceToContour(mask, width, height, MAX_DEPTH);
  const deepest = inside.reduce((best, i) => ((depth[i] ?? 0) > (depth[best] ?? 0) ? i : best), inside[0] ?? 0);
  const anyInside = (): number => inside[Math.floor(random() * inside.length)] ?? deepest;
  const pointOf = (i: number, label: 0 | 1): Point => ({
    x: ((i % width) + 0.5) / width,
    y: (Math.floor(i / width) + 0.5) / height,
    label,
  });
  const [boxWidth, boxHeight] = [box.xMax - box.xMin, box.yMax - box.yMin];
  const slack = (): number => 0.03 * random();
  return {
    box: {
      xMin: Math.max(0, (box.xMin - slack() * boxWidth) / width),
      yMin: Math.max(0, (box.yMin - slack() * boxHeight) / height),
      xMax: Math.min(1, (box.xMax + slack() * boxWidth) / width),
      yMax: Math.min(1, (box.yMax + slack() * boxHeight) / height),
    },
    foreground: [pointOf(deepest, 1), pointOf(anyInside(), 1), pointOf(anyInside(), 1)],
    background: besides(mask, depth, { width, height }, box, random).map((i) => pointOf(i, 0)),
  };
}

/** Up to two pixels near the object's box that are not on the object. */
function besides(
  mask: Uint8Array,
  depth: Uint8Array,
  { width, height }: ImageSize,
  box: BoundingBox,
  random: () => number,
): number[] {
  const found: number[] = [];
  const around = (from: number, to: number): number => Math.round(from + (to - from) * (1.7 * random() - 0.35));
  for (let tries = 0; found.length < 2 && tries < 1000; tries++) {
    const [x, y] = [around(box.xMin, box.xMax), around(box.yMin, box.yMax)];
    if (x < 0 || y < 0 || x >= width || y >= height) continue;
    const i = y * width + x;
    if (mask[i] === 0 && (depth[i] ?? 0) > 3) found.push(i);
  }
  return found;
}
