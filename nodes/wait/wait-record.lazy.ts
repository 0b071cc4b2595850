import { z } from "zod";
import { idSchema } from "../../src/api";

/** A message that waits for its job, as it is kept beyond the life of its node. */
export const waitRecordSchema = z.object({
  nodeId: z.string(),
  jobId: idSchema,
  /** Identity of the service that is asked. */
  service: z.string(),
  /** Milliseconds that are left of its time-out; 0 for none. */
  timeoutMs: z.number().min(0),
  /** Rises from message to message. */
  sequence: z.number(),
  /** Milliseconds since 1970. */
  recordedAt: z.number(),
  msg: z.looseObject({ _msgid: z.string() }),
});
export type WaitRecord = z.infer<typeof waitRecordSchema>;
