/** A mask that can be compared quickly with others of its size. */
export interface BitMask {
  /** 32 pixels a number. */
  bits: Int32Array;
  /** Pixels of the object. */
  area: number;
}

/** @param mask 1 = object, one byte a pixel */
export function toBits(mask: Uint8Array): BitMask {
  const bits = new Int32Array(Math.ceil(mask.length / 32));
  let area = 0;
  for (let i = 0; i < mask.length; i += 1) {
    if (!mask[i]) continue;
    bits[i >> 5]! |= 1 << (i & 31);
    area += 1;
  }
  return { bits, area };
}

/** Intersection over union of two masks of one size; 0 when both are empty. */
export function bitIou(a: BitMask, b: BitMask): number {
  let common = 0;
  for (let i = 0; i < a.bits.length; i += 1) common += bitCount(a.bits[i]! & b.bits[i]!);
  return ratio(common, a.area, b.area);
}

/** Intersection over union from the areas of two masks and of their intersection, which need not be exact. */
export function ratio(common: number, areaA: number, areaB: number): number {
  return areaA + areaB === 0 ? 0 : common / Math.max(common, areaA + areaB - common);
}

/** The mean IoU of each mask with the others; 0 for a single mask. */
export function agreements<Mask>(masks: Mask[], iou: (a: Mask, b: Mask) => number): number[] {
  const sums = new Float64Array(masks.length);
  masks.forEach((mask, i) => {
    for (let j = 0; j < i; j += 1) {
      const both = iou(mask, masks[j]!);
      sums[i]! += both;
      sums[j]! += both;
    }
  });
  return Array.from(sums, (sum) => sum / Math.max(1, masks.length - 1));
}

/** Number of set bits out of 32 (H. Warren, "Hacker's Delight", 5-1). */
function bitCount(bits: number): number {
  const pairs = bits - ((bits >>> 1) & 0x55555555);
  const quads = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((quads + (quads >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
