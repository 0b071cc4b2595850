import { pointLabel, type ImageSize, type Polygon, type Prompt, type Segment } from "../api";
import { segmentColour } from "../drawing/palette";
import { boxShapes, canvasOf, outlineShapes, pointShape, ringsPath, toMarkup, type Canvas } from "../drawing/shapes";
import { labelWidth, numberLabel } from "./digits";
import { loadSharp, openPicture, throwDamaged } from "./picture";

export interface DrawOptions {
  /** Path of the encoded JPEG or PNG. */
  file: string;
  /** The found segments, in fractions of the upright picture. */
  segments: Segment[];
  /** The prompts of the segments, in fractions of the upright picture. */
  prompts?: Prompt[];
  format: "jpeg" | "png";
}

const JPEG_QUALITY = 90;

/**
 * Draws segments and prompts over a picture in the common style (src/drawing), and each segment's score as a number.
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
 * Draws the mask of segments: white where there is at least one, black elsewhere and in their holes.
 * @param size of the upright picture, in pixels
 * @returns an 8 bit greyscale PNG of that size, with the values 0 and 255 only
 */
export async function drawMask(size: ImageSize, segments: Segment[]): Promise<Buffer> {
  const { width, height } = size;
  const shapes = segments.map((segment) => {
    const path = ringsPath(ringsOf(segment), canvasOf(size, exact));
    return `<path d="${path}" fill="#fff" fill-rule="evenodd" shape-rendering="crispEdges"/>`;
  });
  const input = Buffer.from(svgOf(size, shapes));
  return loadSharp()({ create: { width, height, channels: 3, background: "black" } })
    .composite([{ input }])
    .removeAlpha()
    .toColourspace("b-w")
    .png()
    .toBuffer();
}

function overlaySvg(size: ImageSize, segments: Segment[], prompts: Prompt[] = []): string {
  const canvas = canvasOf(size, exact);
  const shapes = [
    ...segments.flatMap((segment, index) =>
      outlineShapes(ringsPath(ringsOf(segment), canvas), segmentColour(index), canvas),
    ),
    ...prompts.flatMap(({ boundingBox }) => (boundingBox ? boxShapes(boundingBox, canvas) : [])),
    ...prompts.flatMap(({ points = [] }) => points.map((point) => pointShape(point, pointLabel(point) === 1, canvas))),
  ];
  return svgOf(size, [...shapes.map(toMarkup), ...segments.map((segment) => scoreLabel(segment, canvas))]);
}

function svgOf({ width, height }: ImageSize, parts: string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${parts.join("")}</svg>`;
}

/** A drawing in pixels needs no short numbers. */
function exact(pixels: number): number {
  return pixels;
}

function ringsOf({ polygons }: Segment): Polygon["vertices"][] {
  return polygons.map(({ vertices }) => vertices);
}

/** The score, at the top left of the segment's bounding box but inside the picture. */
function scoreLabel({ score, polygons }: Segment, { size, line }: Canvas): string {
  const corners = polygons.flatMap(({ vertices }) => vertices);
  if (corners.length === 0) return "";
  const text = Math.min(1, Math.max(0, score)).toFixed(2);
  const height = 16 * line;
  const left = corners.reduce((least, { x }) => Math.min(least, x), 1) * size.width;
  const top = corners.reduce((least, { y }) => Math.min(least, y), 1) * size.height - height;
  const x = Math.max(0, Math.min(left, size.width - labelWidth(text, height)));
  return numberLabel(text, x, Math.max(0, top), height);
}
