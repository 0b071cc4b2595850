import { pointLabel, type ImageSize, type Point, type Prompt, type Segment } from "../api";
import { labelWidth, numberLabel } from "./digits";
import { loadSharp, openPicture, throwDamaged } from "./picture";
import { segmentColour } from "../drawing/palette";

export interface DrawOptions {
  /** Path of the encoded JPEG or PNG. */
  file: string;
  /** What was found, in fractions of the upright picture. */
  segments: Segment[];
  /** What was asked, in fractions of the upright picture. */
  prompts?: Prompt[];
  format: "jpeg" | "png";
}

const JPEG_QUALITY = 90;

/**
 * Draws segments and prompts over a picture: outlines with a dark halo (seen on bright and on dark ground) and a
 * translucent fill, the score as a number, the box dashed, foreground points with a plus, background points with a minus.
 * @returns the upright picture with the drawing, encoded
 * @throws {SegmentError} `invalid-image`
 */
export async function drawOverlay({ file, segments, prompts, format }: DrawOptions): Promise<Buffer> {
  const picture = await openPicture(file);
  const drawing = Buffer.from(overlaySvg(picture.size, segments, prompts));
  const drawn = picture
    .pipeline()
    .composite([{ input: drawing }])
    .removeAlpha();
  const encoded = format === "jpeg" ? drawn.jpeg({ quality: JPEG_QUALITY }) : drawn.png();
  return encoded.toBuffer().catch(throwDamaged);
}

/**
 * Draws the mask of segments: white where at least one of them is, black elsewhere and in their holes.
 * @param size of the upright picture, in pixels
 * @returns an 8 bit greyscale PNG of that size, with the values 0 and 255 only
 */
export async function drawMask(size: ImageSize, segments: Segment[]): Promise<Buffer> {
  const { width, height } = size;
  const shapes = segments.map(
    (segment) => `<path d="${pathOf(segment, size)}" fill="#fff" fill-rule="evenodd" shape-rendering="crispEdges"/>`,
  );
  const input = Buffer.from(svgOf(size, shapes));
  return loadSharp()({ create: { width, height, channels: 3, background: "black" } })
    .composite([{ input }])
    .removeAlpha()
    .toColourspace("b-w")
    .png()
    .toBuffer();
}

function overlaySvg(size: ImageSize, segments: Segment[], prompts: Prompt[] = []): string {
  // Width of a thin line: it scales with the picture, so that the drawing looks the same at every size.
  const line = Math.max(1, Math.max(size.width, size.height) / 500);
  const parts = [
    ...segments.map((segment, index) => outline(segment, segmentColour(index), size, line)),
    ...prompts.map(({ boundingBox }) => box(boundingBox, size, line)),
    ...prompts.flatMap(({ points = [] }) => points.map((point) => marker(point, size, line))),
    ...segments.map((segment) => scoreLabel(segment, size, line)),
  ];
  return svgOf(size, parts);
}

function svgOf({ width, height }: ImageSize, parts: string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${parts.join("")}</svg>`;
}

/** All rings of a segment as one path, so that the even-odd rule leaves its holes open. */
function pathOf({ polygons }: Segment, { width, height }: ImageSize): string {
  return polygons
    .map(({ vertices }) => `M${vertices.map(({ x, y }) => `${x * width},${y * height}`).join("L")}Z`)
    .join("");
}

function outline(segment: Segment, colour: string, size: ImageSize, line: number): string {
  const path = pathOf(segment, size);
  const join = 'fill="none" stroke-linejoin="round"';
  return (
    `<path d="${path}" fill="${colour}" fill-opacity=".35" fill-rule="evenodd"/>` +
    `<path d="${path}" ${join} stroke="#000" stroke-opacity=".6" stroke-width="${4 * line}"/>` +
    `<path d="${path}" ${join} stroke="${colour}" stroke-width="${2 * line}"/>`
  );
}

/** The score stands at the top left of the segment's bounding box, inside of the picture. */
function scoreLabel({ score, polygons }: Segment, size: ImageSize, line: number): string {
  const corners = polygons.flatMap(({ vertices }) => vertices);
  if (corners.length === 0) return "";
  const text = Math.min(1, Math.max(0, score)).toFixed(2);
  const height = 16 * line;
  const left = corners.reduce((least, { x }) => Math.min(least, x), 1) * size.width;
  const top = corners.reduce((least, { y }) => Math.min(least, y), 1) * size.height - height;
  const x = Math.max(0, Math.min(left, size.width - labelWidth(text, height)));
  return numberLabel(text, x, Math.max(0, top), height);
}

function box(boundingBox: Prompt["boundingBox"], { width, height }: ImageSize, line: number): string {
  if (boundingBox === undefined) return "";
  const { xMin, yMin, xMax, yMax } = boundingBox;
  const shape =
    `<rect x="${xMin * width}" y="${yMin * height}" width="${(xMax - xMin) * width}" ` +
    `height="${(yMax - yMin) * height}" fill="none" stroke-width="${1.5 * line}"`;
  return `${shape} stroke="#000"/>${shape} stroke="#fff" stroke-dasharray="${6 * line} ${4 * line}"/>`;
}

function marker(point: Point, { width, height }: ImageSize, line: number): string {
  const foreground = pointLabel(point) === 1;
  const arm = 3 * line;
  const sign = `M${-arm},0H${arm}${foreground ? `M0,${-arm}V${arm}` : ""}`;
  const [ground, ink] = foreground ? ["#fff", "#000"] : ["#000", "#fff"];
  return (
    `<g transform="translate(${point.x * width},${point.y * height})" stroke-width="${1.5 * line}">` +
    `<circle r="${6 * line}" fill="${ground}" stroke="${ink}"/><path d="${sign}" stroke="${ink}"/></g>`
  );
}
