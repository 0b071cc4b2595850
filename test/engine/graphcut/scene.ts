import type { Pixels } from "../../../src/engine/pixels/pixels";

export interface Disc {
  x: number;
  y: number;
  radius: number;
}

/** A small generator that repeats exactly (linear congruential, Numerical Recipes). */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** Bright discs on a dark, noisy ground. */
export function discs(width: number, height: number, parts: Disc[], contrast = 90): Pixels {
  const roll = dice(1);
  const data = new Uint8Array(3 * width * height);
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      const inside = parts.some((part) => Math.hypot(x + 0.5 - part.x, y + 0.5 - part.y) < part.radius);
      data.fill(60 + (inside ? contrast : 0) + 16 * roll(), 3 * i, 3 * i + 3);
    }
  }
  return { width, height, data };
}

export interface WindowedMask {
  window: { xMin: number; yMin: number; xMax: number; yMax: number };
  width: number;
  height: number;
  mask: Uint8Array;
}

/** IoU of a mask over a window with a disc, at the picture's size. */
export function iouWithDisc(image: Pixels, found: WindowedMask, disc: Disc): number {
  let intersection = 0;
  let union = 0;
  for (let y = 0; y < image.height; y += 1) {
    const row = Math.floor(
      (((y + 0.5) / image.height - found.window.yMin) / (found.window.yMax - found.window.yMin)) * found.height,
    );
    for (let x = 0; x < image.width; x += 1) {
      const column = Math.floor(
        (((x + 0.5) / image.width - found.window.xMin) / (found.window.xMax - found.window.xMin)) * found.width,
      );
      const within = row >= 0 && row < found.height && column >= 0 && column < found.width;
      const marked = within && found.mask[row * found.width + column] === 1;
      const wanted = Math.hypot(x + 0.5 - disc.x, y + 0.5 - disc.y) < disc.radius;
      if (marked && wanted) intersection += 1;
      if (marked || wanted) union += 1;
    }
  }
  return intersection / union;
}
