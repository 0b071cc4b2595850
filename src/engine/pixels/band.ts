import { isOnContour } from "./mask";

/** A pixel of a distance map that is farther away than the band reaches. */
export const OUTSIDE_BAND = 255;

/**
 * City-block distance of each pixel to the contour of a mask: 0 for pixels that touch the other side.
 * @param mask one byte a pixel, 0 or 1, `width * height`
 * @param radius pixels; at most 254. Farther pixels get `OUTSIDE_BAND`.
 */
export function distanceToContour(mask: Uint8Array, width: number, height: number, radius: number): Uint8Array {
  const distance = new Uint8Array(mask.length).fill(OUTSIDE_BAND);
  let front: number[] = [];
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      if (!isOnContour(mask, width, height, x, y)) continue;
      distance[i] = 0;
      front.push(i);
    }
  }
  for (let step = 1; step <= radius; step += 1) {
    const next: number[] = [];
    const reach = (i: number): void => {
      if (distance[i] !== OUTSIDE_BAND) return;
      distance[i] = step;
      next.push(i);
    };
    for (const i of front) {
      const x = i % width;
      if (x > 0) reach(i - 1);
      if (x < width - 1) reach(i + 1);
      if (i >= width) reach(i - width);
      if (i < mask.length - width) reach(i + width);
    }
    front = next;
  }
  return distance;
}
