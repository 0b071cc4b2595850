import { instanceIdSchema, preview, SegmentError, type InstanceId } from "../../src/api";

/**
 * Reads which file of a data-modelling project a picture belongs to; undefined when none is named.
 * @param place how the user would call where it was found, for errors
 * @throws {SegmentError} `invalid-image`
 */
export function readInstance(place: string, value: unknown): InstanceId | undefined {
  if (value === undefined || value === null) return undefined;
  const parsed = instanceIdSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SegmentError("invalid-image", `${place} must be {space, externalId}, both texts (got ${preview(value)})`);
}
