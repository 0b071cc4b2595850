import { pointLabel, type ImageSize, type Prompt } from "../api";
import { segmentColour } from "../drawing/palette";
import {
  boxShapes,
  canvasOf,
  hundredths,
  outlineShapes,
  pointShape,
  ringsPath,
  toMarkup,
  type Canvas,
} from "../drawing/shapes";
import type { FoundSegment } from "./read";

/**
 * Draws segments and prompts as an SVG to lay over the picture. Its coordinates are pixels of the upright picture, and it
 * fills the width that the page gives it. Each segment is a group with `data-score` and `data-label`; the even-odd rule
 * keeps its holes open. All texts are escaped, so it can be put into a page unchanged.
 */
export function toSvg(segments: readonly FoundSegment[], prompts: readonly Prompt[], size: ImageSize): string {
  const canvas = canvasOf(size);
  const boxes = prompts.flatMap(({ boundingBox }) => (boundingBox ? boxShapes(boundingBox, canvas) : []));
  const points = prompts
    .flatMap((prompt) => prompt.points ?? [])
    .map((point) => pointShape(point, pointLabel(point) === 1, canvas));
  const parts = [
    ...boxes.map(toMarkup), // below the captions
    ...segments.map((segment, index) => group(segment, segmentColour(index), canvas)),
    ...points.map(toMarkup),
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="100%">` +
    `${parts.join("")}</svg>`
  );
}

function group(segment: FoundSegment, colour: string, canvas: Canvas): string {
  const { score, label, rings } = segment;
  const outline = outlineShapes(ringsPath(rings, canvas), colour, canvas).map(toMarkup).join("");
  const name = escape([...(label === undefined ? [] : [label]), score.toFixed(2)].join(" "));
  const data = label === undefined ? "" : ` data-label="${escape(label)}"`;
  const text = caption(segment, name, canvas);
  return `<g data-score="${score}"${data}><title>${name}</title>${outline}${text}</g>`;
}

/** The name, above the top left of the segment but inside the picture. */
function caption({ rings }: FoundSegment, name: string, { size, line }: Canvas): string {
  const corners = rings.flat();
  if (corners.length === 0) return "";
  const height = 12 * line;
  const left = corners.reduce((least, { x }) => Math.min(least, x), 1) * size.width;
  const top = corners.reduce((least, { y }) => Math.min(least, y), 1) * size.height;
  const y = Math.max(height, top - 4 * line);
  return (
    `<text x="${hundredths(Math.max(0, left))}" y="${hundredths(y)}" font-family="sans-serif" font-size="${hundredths(height)}" fill="#fff" ` +
    `stroke="#000" stroke-width="${hundredths(3 * line)}" stroke-linejoin="round" paint-order="stroke">${name}</text>`
  );
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Escapes a text for XML and HTML, as content or attribute. Characters that XML does not allow are left out. */
function escape(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF&<>"']/gu, (character) => ENTITIES[character] ?? "");
}
