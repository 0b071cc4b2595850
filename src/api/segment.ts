import { z } from "zod";
import { fileReferenceSchema, idSchema } from "./files";
import { boundingBoxSchema, pointSchema } from "./geometry";
import { findTwins } from "./twins";

/** Body of `POST …/context/vision/segment`: one file, and points or a box or both. Unknown fields are refused. */
export const segmentRequestSchema = z
  .strictObject({
    items: z.tuple([fileReferenceSchema]),
    points: z
      .array(pointSchema)
      .superRefine((points, context) => {
        const twins = findTwins(points);
        if (twins === undefined) return;
        const message = `is the same point as points[${twins.first}]`;
        context.addIssue({ code: "custom", path: [twins.second], message });
      })
      .optional(),
    boundingBox: boundingBoxSchema.optional(),
  })
  .refine((request) => request.boundingBox !== undefined || (request.points?.length ?? 0) > 0, {
    path: ["points"],
    error: "a prompt needs at least one point or a bounding box",
  });
export type SegmentRequest = z.infer<typeof segmentRequestSchema>;

/** The prompt of a job, in fractions of the upright picture. */
export type Prompt = Pick<SegmentRequest, "points" | "boundingBox">;

const statusSchema = z.string().min(1);
/** Statuses that end a job. Any other, known or not, means "not finished yet". */
export const FINAL_STATUSES = ["Completed", "Failed"] as const;

/** Whether a job with this status has ended. */
export function isFinal(status: string): boolean {
  return (FINAL_STATUSES as readonly string[]).includes(status);
}

const lenientPointSchema = z.looseObject({ x: z.number(), y: z.number(), label: z.number().nullish() });
const lenientBoxSchema = z.looseObject({
  xMin: z.number(),
  yMin: z.number(),
  xMax: z.number(),
  yMax: z.number(),
});
const jobTimes = {
  createdTime: z.number().nullish(),
  startTime: z.number().nullish(),
  statusTime: z.number().nullish(),
};

/** A corner of a polygon, in fractions of the upright picture. */
export const vertexSchema = z.looseObject({ x: z.number(), y: z.number(), confidence: z.number().nullish() });
/** A closed ring (the last vertex joins the first). Clockwise on screen: outline. Counter-clockwise: hole. */
export const polygonSchema = z.looseObject({
  vertices: z.array(vertexSchema),
  confidence: z.number().nullish(),
});
/** One object that was found: its rings and their score (0..1). */
export const segmentSchema = z.looseObject({ score: z.number(), polygons: z.array(polygonSchema) });
export type Vertex = z.infer<typeof vertexSchema>;
export type Polygon = z.infer<typeof polygonSchema>;
export type Segment = z.infer<typeof segmentSchema>;

const itemReference = {
  fileId: z.number().nullish(),
  fileExternalId: z.string().nullish(),
  fileInstanceId: z.looseObject({ space: z.string(), externalId: z.string() }).nullish(),
};

/** Response of `POST …/segment`: the started job, with points and box at the top level. */
export const startedJobSchema = z.looseObject({
  jobId: idSchema,
  status: statusSchema,
  ...jobTimes,
  errorMessage: z.string().nullish(),
  items: z.array(z.looseObject(itemReference)).nullish(),
  points: z.array(lenientPointSchema).nullish(),
  boundingBox: lenientBoxSchema.nullish(),
});
export type StartedJob = z.infer<typeof startedJobSchema>;

/** Response of `GET …/segment/{jobId}`, with points and box under `prompt`. */
export const jobSchema = z.looseObject({
  jobId: idSchema,
  status: statusSchema,
  ...jobTimes,
  errorMessage: z.string().nullish(),
  prompt: z
    .looseObject({ points: z.array(lenientPointSchema).nullish(), boundingBox: lenientBoxSchema.nullish() })
    .nullish(),
  items: z.array(z.looseObject({ ...itemReference, segments: z.array(segmentSchema).nullish() })).nullish(),
  failedItems: z
    .array(
      z.looseObject({ errorMessage: z.string().nullish(), items: z.array(z.looseObject(itemReference)).nullish() }),
    )
    .nullish(),
  engine: z.looseObject({ name: z.string(), version: z.string() }).nullish(),
});
export type Job = z.infer<typeof jobSchema>;

/** Body of our server's `POST …/segment/byids`. */
export const jobsByIdsSchema = z.strictObject({ jobIds: z.array(idSchema).min(1).max(1000) });
/** Its response: the known jobs, and the ids of the unknown ones. */
export const jobsSchema = z.looseObject({ items: z.array(jobSchema), unknownJobIds: z.array(z.number()).nullish() });
export type Jobs = z.infer<typeof jobsSchema>;

/** The name by which our server announces `POST …/segment/byids` in the header `x-segment-extensions`. */
export const BYIDS_EXTENSION = "byids";

/** A POST with this header asks our server for several segments that differ, best first. */
export const CANDIDATES_HEADER = "x-segment-candidates";
/** The most segments that a request may ask for. */
export const MAX_CANDIDATES = 4;
