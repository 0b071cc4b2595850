// Masks are rows of pixels, one byte each: 1 = object, 0 = background.

/** Whether a pixel has a direct neighbour on the other side of a mask; the picture's border is not a contour. */
export function isOnContour(mask: Uint8Array, width: number, height: number, x: number, y: number): boolean {
  const i = y * width + x;
  const side = mask[i];
  return (
    (x < width - 1 && mask[i + 1] !== side) ||
    (x > 0 && mask[i - 1] !== side) ||
    (y < height - 1 && mask[i + width] !== side) ||
    (y > 0 && mask[i - width] !== side)
  );
}

/** Intersection over union of two masks of one size; 0 when both are empty. */
export function maskIou(a: Uint8Array, b: Uint8Array): number {
  let intersection = 0;
  let union = 0;
  for (let i = 0; i < a.length; i += 1) {
    intersection += a[i]! & b[i]!;
    union += a[i]! | b[i]!;
  }
  return union === 0 ? 0 : intersection / union;
}
