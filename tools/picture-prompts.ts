import type { BoundingBox, Point } from "../src/api";

/** A picture of the folder `pictures`, and prompts for one object in it. */
export interface ExamplePicture {
  /** File name in that folder. */
  file: string;
  /** File name of the object's exact mask (white = object), where the picture was drawn by scripts/render-scenes.ts. */
  mask?: string;
  /** The object, in words. */
  object: string;
  /** A box around the object, as a person would drag it. */
  box: BoundingBox;
  /** Points on the object (label 1) and beside it (label 0). The first one is on the object. */
  points: Point[];
}

/** All numbers are fractions of the picture's width and height, from the top left corner. */
export const EXAMPLE_PICTURES: readonly ExamplePicture[] = [
  {
    file: "coffee.jpg",
    object: "the cup with its saucer",
    box: { xMin: 0.12, yMin: 0.03, xMax: 0.81, yMax: 0.98 },
    points: [
      { x: 0.36, y: 0.48, label: 1 },
      { x: 0.25, y: 0.65, label: 1 },
      { x: 0.5, y: 0.32, label: 1 },
      { x: 0.08, y: 0.75, label: 0 },
      { x: 0.9, y: 0.5, label: 0 },
    ],
  },
  {
    file: "coins.jpg",
    object: "the coin in the upper right corner",
    box: { xMin: 0.79, yMin: 0.045, xMax: 0.955, yMax: 0.25 },
    points: [
      { x: 0.87, y: 0.15, label: 1 },
      { x: 0.77, y: 0.2, label: 0 },
    ],
  },
  {
    file: "gauge.jpg",
    mask: "gauge-mask.png",
    object: "the gauge with its rim",
    box: { xMin: 0.28, yMin: 0.14, xMax: 0.73, yMax: 0.785 },
    points: [
      { x: 0.5, y: 0.65, label: 1 },
      { x: 0.5, y: 0.17, label: 1 },
      { x: 0.1, y: 0.3, label: 0 },
      { x: 0.53, y: 0.83, label: 0 },
    ],
  },
  {
    file: "belt.jpg",
    mask: "belt-mask.png",
    object: "the bracket in the middle, without its holes",
    box: { xMin: 0.38, yMin: 0.325, xMax: 0.61, yMax: 0.7 },
    points: [
      { x: 0.45, y: 0.53, label: 1 },
      { x: 0.58, y: 0.42, label: 0 },
    ],
  },
];
