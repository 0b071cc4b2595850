import { pointLabel, type BoundingBox, type ImageSize, type Point, type Prompt } from "../api";
import type { FoundSegment } from "./read";
import { segmentColour } from "../drawing/palette";

/**
 * Segments and prompts as an SVG that lies over the picture: coordinates are pixels of the upright picture, and it takes the
 * width that the page gives it. Each segment is a group with `data-score` and `data-label`; the even-odd rule keeps its
 * holes open. All texts are escaped, so that it can be put into a page as it is.
 */
export function toSvg(segments: readonly FoundSegment[], prompts: readonly Prompt[], size: ImageSize): string {
  const line = Math.max(1, Math.max(size.width, size.height) / 500);
  const parts = [
    ...prompts.map(({ boundingBox }) => dashedBox(boundingBox, size, line)), // below the captions
    ...segments.map((segment, index) => group(segment, segmentColour(index), size, line)),
    ...prompts.flatMap(({ points = [] }) => points.map((point) => marker(point, size, line))),
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="100%">` +
    `${parts.join("")}</svg>`
  );
}

function group(segment: FoundSegment, colour: string, size: ImageSize, line: number): string {
  const { score, label, rings } = segment;
  const path = rings.map((ring) => `M${ring.map((corner) => pixels(corner, size)).join("L")}Z`).join("");
  const name = escape([...(label === undefined ? [] : [label]), score.toFixed(2)].join(" "));
  const data = label === undefined ? "" : ` data-label="${escape(label)}"`;
  return (
    `<g data-score="${score}"${data}><title>${name}</title>` +
    `<path d="${path}" fill="${colour}" fill-opacity=".35" fill-rule="evenodd"/>` +
    `<path d="${path}" fill="none" stroke="#000" stroke-opacity=".6" stroke-width="${short(4 * line)}" stroke-linejoin="round"/>` +
    `<path d="${path}" fill="none" stroke="${colour}" stroke-width="${short(2 * line)}" stroke-linejoin="round"/>` +
    `${caption(segment, name, size, line)}</g>`
  );
}

/** The name stands above the top left of the segment, inside of the picture. */
function caption({ rings }: FoundSegment, name: string, size: ImageSize, line: number): string {
  const corners = rings.flat();
  if (corners.length === 0) return "";
  const height = 12 * line;
  const left = corners.reduce((least, { x }) => Math.min(least, x), 1) * size.width;
  const top = corners.reduce((least, { y }) => Math.min(least, y), 1) * size.height;
  const y = Math.max(height, top - 4 * line);
  return (
    `<text x="${short(Math.max(0, left))}" y="${short(y)}" font-family="sans-serif" font-size="${short(height)}" fill="#fff" ` +
    `stroke="#000" stroke-width="${short(3 * line)}" stroke-linejoin="round" paint-order="stroke">${name}</text>`
  );
}

function dashedBox(box: BoundingBox | undefined, { width, height }: ImageSize, line: number): string {
  if (box === undefined) return "";
  const shape =
    `<rect x="${short(box.xMin * width)}" y="${short(box.yMin * height)}" width="${short((box.xMax - box.xMin) * width)}" ` +
    `height="${short((box.yMax - box.yMin) * height)}" fill="none" stroke-width="${short(1.5 * line)}"`;
  const dashes = `${short(6 * line)} ${short(4 * line)}`;
  return `${shape} stroke="#000"/>${shape} stroke="#fff" stroke-dasharray="${dashes}"/>`;
}

/** A foreground point is a plus on white, a background point a minus on black. */
function marker(point: Point, size: ImageSize, line: number): string {
  const isForeground = pointLabel(point) === 1;
  const arm = short(3 * line);
  const [ground, ink] = isForeground ? ["#fff", "#000"] : ["#000", "#fff"];
  return (
    `<g transform="translate(${pixels(point, size)})" stroke="${ink}" stroke-width="${short(1.5 * line)}">` +
    `<circle r="${short(6 * line)}" fill="${ground}"/>` +
    `<path d="M-${arm},0H${arm}${isForeground ? `M0,-${arm}V${arm}` : ""}"/></g>`
  );
}

function pixels({ x, y }: { x: number; y: number }, { width, height }: ImageSize): string {
  return `${short(x * width)},${short(y * height)}`;
}

/** A number of pixels with two digits behind the point at most. */
function short(value: number): number {
  return Math.round(value * 100) / 100;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** A text for XML and HTML, as content and as attribute. Characters that XML does not know are left out. */
function escape(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF&<>"']/gu, (character) => ENTITIES[character] ?? "");
}
