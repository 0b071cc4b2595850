import { z } from "zod";
import { fileReferenceSchema } from "./files";
import { boundingBoxSchema, imageSizeSchema, MAX_PIXELS, pointSchema } from "./geometry";
import { segmentSchema } from "./segment";

/** A prompt to draw. It may be empty. */
const drawnPromptSchema = z.strictObject({
  points: z.array(pointSchema).optional(),
  boundingBox: boundingBoxSchema.optional(),
});

/**
 * Body of our server's `POST /draw`. It draws segments and prompts over a picture, given as bytes or as a file of the
 * server. The response is the upright picture, as JPEG or PNG. It can also draw the segments' mask, a PNG.
 */
export const drawRequestSchema = z
  .strictObject({
    /** Bytes of a JPEG or PNG in base64. */
    image: z.string().min(1).optional(),
    items: z.tuple([fileReferenceSchema]).optional(),
    /** Size of a mask to draw without a picture: white (255) inside the segments, black (0) elsewhere. */
    mask: imageSizeSchema
      .refine(({ width, height }) => width * height <= MAX_PIXELS, { error: `has more than ${MAX_PIXELS} pixels` })
      .optional(),
    segments: z.array(segmentSchema),
    /** One for each job that the segments come from. */
    prompts: z.array(drawnPromptSchema).optional(),
    /** JPEG by default. */
    format: z.literal(["jpeg", "png"]).optional(),
  })
  .refine(({ image, items, mask }) => [image, items, mask].filter((given) => given !== undefined).length === 1, {
    path: ["image"],
    error: "give exactly one of image, items and mask",
  });
export type DrawRequest = z.infer<typeof drawRequestSchema>;
