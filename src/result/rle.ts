import type { ImageSize } from "../api";
import { coverage } from "./coverage";
import type { FoundSegment } from "./read";

/** A mask in the form of the COCO tools (pycocotools): run lengths, column by column, compressed to text. */
export interface Rle {
  size: [height: number, width: number];
  counts: string;
}

/** The mask of all segments together, without their holes, at the size of the upright picture in pixels. */
export function toRle(segments: readonly FoundSegment[], size: ImageSize): Rle {
  return { size: [size.height, size.width], counts: compress(runLengths(segments, size)) };
}

/** Lengths of the runs of pixels, down the columns from left to right: not covered and covered alternate. */
function runLengths(segments: readonly FoundSegment[], size: ImageSize): number[] {
  const columns = coverage(
    segments.map(({ rings }) => rings),
    size,
  );
  const changes: number[] = [];
  columns.forEach((rows, column) => {
    for (const row of rows) {
      const pixel = column * size.height + row;
      if (changes.at(-1) === pixel)
        changes.pop(); // the run continues from the bottom of one column at the top of the next
      else changes.push(pixel);
    }
  });
  const total = size.width * size.height;
  const ends = changes.at(-1) === total ? changes : [...changes, total];
  return ends.map((end, index) => end - (ends[index - 1] ?? 0));
}

/**
 * The text form: from the fourth run on, the difference to the run two before. Each number is split into groups of five
 * bits, the lowest first, with a sixth bit when more follow, written as characters from "0" on.
 */
function compress(lengths: readonly number[]): string {
  return lengths.map((length, index) => groups(index > 2 ? length - (lengths[index - 2] ?? 0) : length)).join("");
}

function groups(value: number): string {
  const bits = value & 0x1f;
  const rest = value >> 5;
  const isSigned = (bits & 0x10) !== 0;
  const isLast = rest === (isSigned ? -1 : 0);
  const character = String.fromCharCode(48 + (isLast ? bits : bits | 0x20));
  return isLast ? character : character + groups(rest);
}
