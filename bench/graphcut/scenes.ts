/**
 * Pictures of many small parts on a textured ground, drawn by dice with exact masks: what the photographs of the
 * research sets lack. For tuning only.
 */
import { distanceToContour } from "../../src/engine/pixels/band";
import { promptsOf, type BenchItem } from "./data";

/** mulberry32: a small generator that repeats exactly. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Dice = () => number;
const between = (roll: Dice, low: number, high: number): number => low + (high - low) * roll();

/** Smooth noise of −1..1 with cells of `cell` pixels. */
function noise(roll: Dice, width: number, height: number, cell: number): Float32Array {
  const columns = Math.ceil(width / cell) + 2;
  const rows = Math.ceil(height / cell) + 2;
  const knots = Float32Array.from({ length: columns * rows }, () => 2 * roll() - 1);
  const result = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y += 1) {
    const fy = y / cell;
    const ty = fy % 1;
    for (let x = 0; x < width; x += 1, i += 1) {
      const fx = x / cell;
      const tx = fx % 1;
      const at = Math.floor(fy) * columns + Math.floor(fx);
      const upper = knots[at]! * (1 - tx) + knots[at + 1]! * tx;
      const lower = knots[at + columns]! * (1 - tx) + knots[at + columns + 1]! * tx;
      result[i] = upper * (1 - ty) + lower * ty;
    }
  }
  return result;
}

/** Signed distance (< 0 inside) of shapes of radius 1, in their own frame. */
type Distance = (x: number, y: number) => number;
const rectangle =
  (cx: number, cy: number, hw: number, hh: number): Distance =>
  (x, y) =>
    Math.max(Math.abs(x - cx) - hw, Math.abs(y - cy) - hh);
const SHAPES: ((roll: Dice) => Distance)[] = [
  (roll) => {
    const squash = between(roll, 0.85, 1);
    const bump = between(roll, 0, 0.06);
    const phase = between(roll, 0, 6);
    return (x, y) => Math.hypot(x, y / squash) - 1 + bump * Math.sin(3 * Math.atan2(y, x) + phase);
  },
  (roll) => {
    const hole = between(roll, 0.25, 0.5);
    return (x, y) => Math.max(Math.hypot(x, y) - 1, hole - Math.hypot(x, y));
  },
  (roll) => {
    const hole = between(roll, 0, 0.5);
    return (x, y) => {
      const hexagon = Math.max(Math.abs(x), Math.abs(x) / 2 + Math.abs(y) * 0.866) - 0.87;
      return Math.max(hexagon, hole - Math.hypot(x, y));
    };
  },
  (roll) => {
    const arm = between(roll, 0.2, 0.35);
    const upright = rectangle(-1 + arm, 0, arm, 1);
    const foot = rectangle(0, 1 - arm, 1, arm);
    return (x, y) => Math.min(upright(x, y), foot(x, y));
  },
  (roll) => {
    const thick = between(roll, 0.12, 0.22);
    const shaft = rectangle(0, 0, 1, thick);
    const head = rectangle(-0.8, 0, 0.2, thick * 2);
    return (x, y) => Math.min(shaft(x, y), head(x, y));
  },
  (roll) => rectangle(0, 0, 1, between(roll, 0.4, 1)),
];

interface Part {
  x: number;
  y: number;
  radius: number;
  angle: number;
  distance: Distance;
}

function layOut(roll: Dice, width: number, height: number, mixed: boolean): Part[] {
  const across = Math.floor(between(roll, 2, 6));
  const pitch = width / across;
  const shape = SHAPES[Math.floor(roll() * SHAPES.length)]!;
  const parts: Part[] = [];
  for (let row = 0; (row + 0.8) * pitch < height; row += 1) {
    for (let column = 0; column < across; column += 1) {
      if (parts.length > 0 && roll() < 0.15) continue;
      const radius = pitch * between(roll, 0.24, 0.4);
      const free = pitch / 2 - radius;
      parts.push({
        x: (column + 0.5) * pitch + between(roll, -free, free),
        y: (row + 0.5) * pitch + between(roll, -free, free),
        radius,
        angle: between(roll, 0, 6.28),
        distance: (mixed ? SHAPES[Math.floor(roll() * SHAPES.length)]! : shape)(roll),
      });
    }
  }
  return parts;
}

/** Coverage 0..1 of a pixel by a part, or by what of it lies deeper than `inset` radii. */
function coverage(part: Part, x: number, y: number, inset = 0): number {
  const dx = (x - part.x) / part.radius;
  const dy = (y - part.y) / part.radius;
  const u = dx * Math.cos(part.angle) + dy * Math.sin(part.angle);
  const v = dy * Math.cos(part.angle) - dx * Math.sin(part.angle);
  return Math.max(0, Math.min(1, 0.5 - (part.distance(u, v) + inset) * part.radius));
}

/** Draws a scene; its target is one of the parts. */
export function drawScene(seed: number): BenchItem {
  const roll = dice(seed);
  const width = 480;
  const height = 360;
  const parts = layOut(roll, width, height, roll() < 0.5);
  const target = parts[Math.floor(roll() * parts.length)]!;
  const grey = roll() < 0.6;
  const colour = (level: number): number[] => [0, 1, 2].map(() => level + (grey ? 0 : between(roll, -40, 40)));
  const groundLevel = between(roll, 40, 200);
  const contrast = between(roll, 35, 110) * (groundLevel > 150 || (groundLevel > 90 && roll() < 0.5) ? -1 : 1);
  const ground = colour(groundLevel);
  const face = colour(groundLevel + contrast);
  // Half of the scenes have parts of two tones: a rim and a face.
  const rim = roll() < 0.5 ? between(roll, 0.08, 0.3) : Infinity;
  const inner = colour(between(roll, 20, 235));
  const coarse = noise(roll, width, height, between(roll, 20, 80));
  const fine = noise(roll, width, height, between(roll, 2, 4));
  const relief = noise(roll, width, height, between(roll, 3, 9));
  const [coarseWeight, fineWeight, shadow] = [between(roll, 0, 20), between(roll, 2, 14), between(roll, 0, 0.5)];
  const reliefWeight = between(roll, 0, Math.abs(contrast) * 0.8);
  const slope = between(roll, -60, 60);
  const data = new Uint8Array(3 * width * height);
  const mask = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      let part = 0;
      let dial = 0;
      let shade = 0;
      for (const each of parts) {
        if (Math.hypot(x - each.x, y - each.y) > 1.7 * each.radius + 8) continue;
        part = Math.max(part, coverage(each, x, y));
        if (rim < Infinity) dial = Math.max(dial, coverage(each, x, y, rim));
        for (const soft of [2, 4, 6]) shade = Math.max(shade, coverage(each, x - soft, y - soft) * (1 - soft / 8));
      }
      const light = slope * (x / width + y / height - 1) * 0.5 + 2 * (roll() + roll() + roll() - 1.5);
      for (let channel = 0; channel < 3; channel += 1) {
        const below = (ground[channel]! + coarseWeight * coarse[i]! + fineWeight * fine[i]!) * (1 - shadow * shade);
        const tone = face[channel]! + (inner[channel]! - face[channel]!) * dial;
        const above = tone + reliefWeight * relief[i]! + 0.4 * fineWeight * fine[i]!;
        data[3 * i + channel] = Math.max(0, Math.min(255, below + (above - below) * part + light));
      }
      mask[i] = coverage(target, x, y) > 0.5 ? 1 : 0;
    }
  }
  const image = { width, height, data };
  return { set: "scenes", name: `scene-${seed}`, image, mask, prompts: promptsFor(mask, width, height, roll) };
}

/** A box as a person drags it, a click in the middle of the object, further ones, and two beside it. */
export function promptsFor(mask: Uint8Array, width: number, height: number, roll: Dice): BenchItem["prompts"] {
  const inside: number[] = [];
  const box = { xMin: width, yMin: height, xMax: 0, yMax: 0 };
  mask.forEach((value, i) => {
    if (!value) return;
    inside.push(i);
    box.xMin = Math.min(box.xMin, i % width);
    box.xMax = Math.max(box.xMax, (i % width) + 1);
    box.yMin = Math.min(box.yMin, Math.floor(i / width));
    box.yMax = Math.max(box.yMax, Math.floor(i / width) + 1);
  });
  const depth = distanceToContour(mask, width, height, 250);
  const deepest = inside.reduce((best, i) => (depth[i]! > depth[best]! ? i : best), inside[0]!);
  const any = (): number => inside[Math.floor(roll() * inside.length)]!;
  const place = (i: number): [number, number] => [((i % width) + 0.5) / width, (Math.floor(i / width) + 0.5) / height];
  const beside: number[] = [];
  for (let tries = 0; beside.length < 2 && tries < 1000; tries += 1) {
    const x = Math.round(box.xMin + (box.xMax - box.xMin) * between(roll, -0.35, 1.35));
    const y = Math.round(box.yMin + (box.yMax - box.yMin) * between(roll, -0.35, 1.35));
    if (x < 0 || y < 0 || x >= width || y >= height) continue;
    const i = y * width + x;
    if (!mask[i] && depth[i]! > 3) beside.push(i);
  }
  const slack = (): number => between(roll, 0, 0.03);
  const [w, h] = [box.xMax - box.xMin, box.yMax - box.yMin];
  return promptsOf(
    {
      xMin: Math.max(0, (box.xMin - slack() * w) / width),
      yMin: Math.max(0, (box.yMin - slack() * h) / height),
      xMax: Math.min(1, (box.xMax + slack() * w) / width),
      yMax: Math.min(1, (box.yMax + slack() * h) / height),
    },
    [place(deepest), place(any()), place(any())],
    beside.map(place),
  );
}
