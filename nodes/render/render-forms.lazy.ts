import { z } from "zod";
import {
  describeIssues,
  preview,
  SegmentError,
  type DrawRequest,
  type ErrorCode,
  type ImageSize,
  type Prompt,
} from "../../src/api";
import { toGeoJson, toRle, toSvg, type FoundSegment, type Ring } from "../../src/result";
import type { Connection } from "../service/connection";
import type { RenderedPicture } from "./rendered-picture.lazy";

const formatsSchema = z.array(
  z.object({
    format: z.literal(["svg", "overlay", "overlay-png", "mask", "rle", "geojson"]),
    /** Of the message, such as `payload.svg`. */
    property: z.string().trim().min(1),
  }),
);
export type Formats = z.infer<typeof formatsSchema>;

const DEFAULT_FORMATS: Formats = [
  { format: "svg", property: "svg" },
  { format: "overlay", property: "overlay" },
];

/** What a service says that has lost a file, or its content while it is being replaced. */
const LOST_FILE: ErrorCode[] = ["file-not-found", "invalid-image"];

/** What is rendered, and the service that draws it. */
interface Rendering {
  segments: FoundSegment[];
  prompts: Prompt[];
  size: ImageSize;
  picture: RenderedPicture;
  drawer: () => Promise<Connection>;
  signal: AbortSignal;
}

/** Reads a node's list of outputs; flows without one get SVG and overlay. @throws {SegmentError} `no-config` */
export function readFormats(value: unknown): Formats {
  const parsed = formatsSchema.safeParse(value ?? DEFAULT_FORMATS);
  if (parsed.success) return parsed.data;
  throw new SegmentError("no-config", `The outputs of this node can't be used: ${describeIssues(parsed.error, value)}`);
}

/**
 * Reads the size of a pixel in millimetres; undefined, null and an empty text mean that it is not known.
 * @param name how the user would call the value, for errors
 * @throws {SegmentError} `invalid-result`
 */
export function readScale(name: string, value: unknown): number | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const parsed = z.coerce.number().positive().safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SegmentError("invalid-result", `${name} must be millimetres per pixel, above 0 (got ${preview(value)})`);
}

/**
 * Renders segments in each of the formats.
 * @throws {SegmentError} when the picture is not available, or the drawing server refuses or can't be reached
 */
export async function renderForms(
  formats: Formats,
  rendering: Rendering,
): Promise<{ property: string; value: unknown }[]> {
  return Promise.all(
    formats.map(async ({ format, property }) => ({ property, value: await renderForm(format, rendering) })),
  );
}

async function renderForm(format: Formats[number]["format"], rendering: Rendering): Promise<unknown> {
  const { segments, prompts, size } = rendering;
  switch (format) {
    case "svg":
      return toSvg(segments, prompts, size);
    case "geojson":
      return toGeoJson(segments, size);
    case "rle":
      return toRle(segments, size);
    case "mask":
      return draw(rendering, { mask: size });
    case "overlay":
      return drawOverlay(rendering, { prompts, format: "jpeg" });
    case "overlay-png":
      return drawOverlay(rendering, { prompts, format: "png" });
  }
}

/** Draws over the picture. Its bytes are sent only to a service that does not have it. */
async function drawOverlay(
  rendering: Rendering,
  style: Required<Pick<DrawRequest, "prompts" | "format">>,
): Promise<Buffer> {
  const { picture, drawer } = rendering;
  const segments = rendering.segments.map((segment) => ({ ...segment, rings: segment.rings.map(rounded) }));
  const file = await picture.fileOn(await drawer());
  const drawn = file && (await drawOverFile({ ...rendering, segments }, { items: [file], ...style }));
  return (
    drawn ?? draw({ ...rendering, segments }, { image: (await picture.read()).bytes.toString("base64"), ...style })
  );
}

/** Undefined when the service has lost the file or its content: the message may still have the picture. */
async function drawOverFile(
  rendering: Rendering,
  request: Pick<DrawRequest, "items" | "prompts" | "format">,
): Promise<Buffer | undefined> {
  try {
    return await draw(rendering, request);
  } catch (error) {
    if (error instanceof SegmentError && LOST_FILE.includes(error.code)) return undefined;
    throw error;
  }
}

/** A ring of shorter numbers, for a small request: a line is drawn to a tenth of a pixel, up to 10,000 pixels. */
function rounded(ring: Ring): Ring {
  const round = (fraction: number): number => Math.round(fraction * 1e5) / 1e5;
  return ring.map(({ x, y }) => ({ x: round(x), y: round(y) }));
}

async function draw({ segments, drawer, signal }: Rendering, request: Omit<DrawRequest, "segments">): Promise<Buffer> {
  const drawn = segments.map(({ score, rings }) => ({
    score,
    polygons: rings.map((ring) => ({ vertices: ring.map(({ x, y }) => ({ x, y })) })),
  }));
  const client = await (await drawer()).client();
  return client.draw({ segments: drawn, ...request }, { signal });
}
