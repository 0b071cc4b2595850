import type { ImageSize } from "../../api";
import { featureContext, type FeatureContext } from "../critic/feature-context";
import { toLab, type LabImage } from "../pixels/lab";
import { decodePixels, openPicture, type Picture } from "../picture";
import { INPUT_SIDE, MASK_SIDE, type Embedding } from "./model";
import { edgeSize } from "./outline";

/** The data that is computed once a picture, so that a further prompt on it costs little. */
export interface PreparedPicture {
  embedding: Embedding;
  /** The upright picture's size in pixels. */
  size: ImageSize;
  /** The part of a low-resolution mask that the picture covers, in cells: not always whole. */
  valid: ImageSize;
  /** The picture on the grid of that part. */
  context: FeatureContext;
  /** The picture on whose edges outlines are set. */
  edges: LabImage;
}

/**
 * Decodes a picture and prepares it for prompts.
 * @param embed computes or reads its embedding
 * @throws {SegmentError} `invalid-image`, `job-failed`
 */
export async function preparePicture(
  file: string,
  embed: (picture: Picture) => Promise<Embedding>,
): Promise<PreparedPicture> {
  const picture = await openPicture(file);
  const embedding = await embed(picture);
  const cell = INPUT_SIDE / MASK_SIDE;
  const valid = { width: embedding.scaled.width / cell, height: embedding.scaled.height / cell };
  const grid = { width: Math.max(1, Math.round(valid.width)), height: Math.max(1, Math.round(valid.height)) };
  return {
    embedding,
    size: picture.size,
    valid,
    context: featureContext(toLab(await decodePixels(picture, grid))),
    edges: toLab(await decodePixels(picture, edgeSize(picture.size))),
  };
}

/** The memory that a prepared picture takes, in bytes. */
export function byteLength({ embedding, context, edges }: PreparedPicture): number {
  const parts = [embedding.values, context.gradient, context.colourBin, edges.l, edges.a, edges.b];
  return parts.reduce((sum, part) => sum + part.byteLength, 0);
}
