/**
 * Random pictures of parts on a textured background, with exact masks: plain industrial objects, single large ones and
 * small ones among many, which the photographs of the research sets lack.
 */
import type { ImageSize } from "../../src/api";
import type { Pixels } from "../../src/engine/pixels/pixels";
import { randomShape, type Shape } from "./shapes";
import { randomNumbers } from "../../tools/random";

/** A drawn picture and the mask of one of its parts (1 = object, one byte a pixel). */
export interface DrawnScene {
  picture: Pixels;
  mask: Uint8Array;
}

type Random = () => number;
const SIZE: ImageSize = { width: 480, height: 360 };
/** A shadow is drawn as copies of the part, moved by these numbers of pixels down and to the right. */
const SHADOW_STEPS = [2, 4, 6];

interface Part {
  x: number;
  y: number;
  radius: number;
  angle: number;
  shape: Shape;
}

/** A beam or pipe that runs behind the parts through the whole picture. */
interface Bar {
  vertical: boolean;
  middle: number;
  half: number;
  tone: number[];
}

interface Paint {
  ground: number[];
  /** Outer and inner tone of the parts; the inner one begins `rim` radii inside. */
  face: number[];
  inner: number[];
  rim: number;
  bars: Bar[];
  shadow: number;
  slope: number;
  textures: { onGround: Float32Array; onParts: Float32Array };
}

/** Draws a scene; the same seed gives the same one. */
export function drawScene(seed: number): DrawnScene {
  const random = randomNumbers(seed);
  const parts = layOut(random);
  const target = parts[Math.floor(random() * parts.length)];
  if (target === undefined) throw new Error("A scene has no parts.");
  const paint = mixPaint(random);
  const { width, height } = SIZE;
  const data = new Uint8Array(3 * width * height);
  const mask = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      data.set(colourAt(x, y, i, parts, paint, random), 3 * i);
      mask[i] = coverage(target, x, y) > 0.5 ? 1 : 0;
    }
  }
  return { picture: { data, ...SIZE }, mask };
}

/** One to five parts a row, on a loose grid so that they do not overlap. */
function layOut(random: Random): Part[] {
  const across = Math.floor(between(random, 1, 6));
  const pitch = Math.min(SIZE.width / across, SIZE.height);
  const mixed = random() < 0.5;
  const common = randomShape(random);
  const parts: Part[] = [];
  for (let row = 0; (row + 0.8) * pitch < SIZE.height; row++) {
    for (let column = 0; (column + 0.8) * pitch < SIZE.width; column++) {
      if (parts.length > 0 && random() < 0.15) continue;
      const radius = pitch * between(random, 0.24, 0.42);
      const free = pitch / 2 - radius;
      parts.push({
        x: (column + 0.5) * pitch + between(random, -free, free),
        y: (row + 0.5) * pitch + between(random, -free, free),
        radius,
        angle: between(random, 0, 2 * Math.PI),
        shape: mixed ? randomShape(random) : common,
      });
    }
  }
  return parts;
}

function mixPaint(random: Random): Paint {
  const grey = random() < 0.6;
  const colour = (level: number): number[] => [0, 1, 2].map(() => level + (grey ? 0 : between(random, -40, 40)));
  const level = between(random, 40, 200);
  const brighter = level < 90 || (level < 150 && random() < 0.5);
  const contrast = between(random, 35, 110) * (brighter ? 1 : -1);
  const [coarseWeight, fineWeight] = [between(random, 0, 20), between(random, 2, 14)];
  const coarse = noise(random, between(random, 20, 80));
  const fine = noise(random, between(random, 2, 4));
  const relief = noise(random, between(random, 3, 9));
  const reliefWeight = between(random, 0, Math.abs(contrast) * 0.8);
  return {
    ground: colour(level),
    face: colour(level + contrast),
    inner: colour(between(random, 20, 235)),
    rim: random() < 0.5 ? between(random, 0.08, 0.3) : Infinity,
    bars: Array.from({ length: Math.floor(random() * 3) }, () => {
      const vertical = random() < 0.5;
      const span = vertical ? SIZE.width : SIZE.height;
      return {
        vertical,
        middle: random() * span,
        half: between(random, 4, 40),
        tone: colour(between(random, 30, 220)),
      };
    }),
    shadow: between(random, 0, 0.5),
    slope: between(random, -60, 60),
    textures: {
      onGround: coarse.map((value, i) => coarseWeight * value + fineWeight * (fine[i] ?? 0)),
      onParts: relief.map((value, i) => reliefWeight * value + 0.4 * fineWeight * (fine[i] ?? 0)),
    },
  };
}

function colourAt(x: number, y: number, i: number, parts: Part[], paint: Paint, random: Random): number[] {
  let part = 0;
  let inner = 0;
  let shade = 0;
  for (const each of parts) {
    if (Math.hypot(x - each.x, y - each.y) > 1.7 * each.radius + 8) continue;
    part = Math.max(part, coverage(each, x, y));
    if (paint.rim < Infinity) inner = Math.max(inner, coverage(each, x, y, paint.rim));
    for (const step of SHADOW_STEPS) shade = Math.max(shade, coverage(each, x - step, y - step) * (1 - step / 8));
  }
  const behind = paint.bars.find(({ vertical, middle, half }) => Math.abs((vertical ? x : y) - middle) < half);
  const ground = behind === undefined ? paint.ground : behind.tone;
  const sensor = 2 * (random() + random() + random() - 1.5);
  const light = (paint.slope * (x / SIZE.width + y / SIZE.height - 1)) / 2 + sensor;
  return [0, 1, 2].map((channel) => {
    const under = ((ground[channel] ?? 0) + (paint.textures.onGround[i] ?? 0)) * (1 - paint.shadow * shade);
    const face = paint.face[channel] ?? 0;
    const over = face + ((paint.inner[channel] ?? 0) - face) * inner + (paint.textures.onParts[i] ?? 0);
    return Math.max(0, Math.min(255, under + (over - under) * part + light));
  });
}

/** Coverage 0..1 of a pixel by a part, or by what of it lies deeper than `inset` radii. */
function coverage(part: Part, x: number, y: number, inset = 0): number {
  const dx = (x - part.x) / part.radius;
  const dy = (y - part.y) / part.radius;
  const u = dx * Math.cos(part.angle) + dy * Math.sin(part.angle);
  const v = dy * Math.cos(part.angle) - dx * Math.sin(part.angle);
  return Math.max(0, Math.min(1, 0.5 - (part.shape(u, v) + inset) * part.radius));
}

/** Smooth noise of −1..1 with cells of `cell` pixels, for the whole picture. */
function noise(random: Random, cell: number): Float32Array {
  const { width, height } = SIZE;
  const columns = Math.ceil(width / cell) + 2;
  const rows = Math.ceil(height / cell) + 2;
  const knots = Float32Array.from({ length: columns * rows }, () => 2 * random() - 1);
  const result = new Float32Array(width * height);
  for (let i = 0; i < result.length; i++) {
    const [fx, fy] = [(i % width) / cell, Math.floor(i / width) / cell];
    const at = Math.floor(fy) * columns + Math.floor(fx);
    const knot = (offset: number): number => knots[at + offset] ?? 0;
    const upper = mix(knot(0), knot(1), fx % 1);
    const lower = mix(knot(columns), knot(columns + 1), fx % 1);
    result[i] = mix(upper, lower, fy % 1);
  }
  return result;
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

function between(random: Random, low: number, high: number): number {
  return mix(low, high, random());
}
