import { z } from "zod";
import { idSchema } from "../../src/api";

/** A message that waits for its job, as it is stored on disk. */
export const waitRecordSchema = z.object({
  nodeId: z.string(),
  jobId: idSchema,
  /** Identity of the service that has the job. */
  service: z.string(),
  /** What is left of the time-out in milliseconds; 0 for no limit. */
  timeoutMs: z.number().min(0),
  /** Increases from message to message. */
  sequence: z.number(),
  /** Milliseconds since 1970. */
  recordedAt: z.number(),
  msg: z.looseObject({ _msgid: z.string() }),
});
export type WaitRecord = z.infer<typeof waitRecordSchema>;
