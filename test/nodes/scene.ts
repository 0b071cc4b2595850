/** A picture whose object is known exactly: a bright disc on a dark ground. */
import sharp from "sharp";
import type { Job, Polygon } from "../../src/api";
import type { Message } from "./flow";

export const SCENE = { width: 320, height: 240 };
/** In fractions of width and height. */
export const DISC = { x: 0.4, y: 0.5, radiusX: 0.15, radiusY: 0.2 };
export const DISC_BOX = {
  xMin: DISC.x - DISC.radiusX,
  yMin: DISC.y - DISC.radiusY,
  xMax: DISC.x + DISC.radiusX,
  yMax: DISC.y + DISC.radiusY,
};

/** A JPEG of the scene; another tint makes another file. */
export function scene(tint = 0): Promise<Buffer> {
  const { width, height } = SCENE;
  const disc = `<ellipse cx="${DISC.x * width}" cy="${DISC.y * height}" rx="${DISC.radiusX * width}" ry="${DISC.radiusY * height}" fill="#f0c020"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="rgb(30,40,${60 + tint})"/>${disc}</svg>`;
  return sharp(Buffer.from(svg)).jpeg({ quality: 95 }).toBuffer();
}

/** Fraction of the disc's box and the best segment's box that both cover: 1 when they are the same. */
export function overlapWithDisc(message: Message): number {
  const job = message.payload as Job;
  const segment = job.items?.[0]?.segments?.[0];
  if (segment === undefined) return 0;
  const found = boxOf(segment.polygons[0]!);
  const overlap = area({
    xMin: Math.max(found.xMin, DISC_BOX.xMin),
    yMin: Math.max(found.yMin, DISC_BOX.yMin),
    xMax: Math.min(found.xMax, DISC_BOX.xMax),
    yMax: Math.min(found.yMax, DISC_BOX.yMax),
  });
  return overlap / (area(found) + area(DISC_BOX) - overlap);
}

type Box = typeof DISC_BOX;

function boxOf({ vertices }: Polygon): Box {
  const xs = vertices.map(({ x }) => x);
  const ys = vertices.map(({ y }) => y);
  return { xMin: Math.min(...xs), yMin: Math.min(...ys), xMax: Math.max(...xs), yMax: Math.max(...ys) };
}

function area({ xMin, yMin, xMax, yMax }: Box): number {
  return Math.max(0, xMax - xMin) * Math.max(0, yMax - yMin);
}
