import { z } from "zod";
import { fileReferenceSchema } from "./files";
import { segmentRequestSchema, segmentSchema } from "./segment";

/**
 * Body of our server's `POST /draw`: draws segments and a prompt over a picture, which is given by its bytes or by a
 * file of the server. The answer is the picture, upright, as JPEG or PNG.
 */
export const drawRequestSchema = z
  .strictObject({
    /** Bytes of a JPEG or PNG in base64. */
    image: z.string().min(1).optional(),
    items: z.tuple([fileReferenceSchema]).optional(),
    segments: z.array(segmentSchema),
    points: segmentRequestSchema.shape.points,
    boundingBox: segmentRequestSchema.shape.boundingBox,
    /** JPEG when missing. */
    format: z.literal(["jpeg", "png"]).optional(),
  })
  .refine((request) => (request.image === undefined) !== (request.items === undefined), {
    path: ["image"],
    error: "give exactly one of image and items",
  });
export type DrawRequest = z.infer<typeof drawRequestSchema>;
