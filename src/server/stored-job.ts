import { z } from "zod";
import { idSchema, isFinal, segmentRequestSchema, segmentSchema } from "../api";

/** A job as it is stored. Times in ms since 1970. */
export const storedJobSchema = z.object({
  jobId: idSchema,
  status: z.enum(["Queued", "Running", "Completed", "Failed"]),
  createdTime: z.number(),
  startTime: z.number().nullable(),
  statusTime: z.number(),
  errorMessage: z.string().nullable(),
  fileId: idSchema,
  fileExternalId: z.string().optional(),
  /** The picture that the file had when the job was posted. Missing if it had none. */
  sha256: z.string().optional(),
  prompt: z.object({
    points: segmentRequestSchema.shape.points,
    boundingBox: segmentRequestSchema.shape.boundingBox,
  }),
  candidates: z.number().optional(),
  /** Name of the requested engine. Missing when the server may choose. */
  askedEngine: z.string().optional(),
  segments: z.array(segmentSchema).optional(),
  engine: z.object({ name: z.string(), version: z.string() }).optional(),
  /** How often a worker has started this job. */
  attempts: z.number(),
  /** The POST's `Idempotency-Key` and the hash of its body. */
  idempotency: z.object({ key: z.string(), bodyHash: z.string() }).optional(),
});
export type StoredJob = z.infer<typeof storedJobSchema>;

/** Whether a job has ended. */
export function hasEnded(job: StoredJob): boolean {
  return isFinal(job.status);
}
