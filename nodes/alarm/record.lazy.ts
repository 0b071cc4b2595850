import { z } from "zod";
import { RecordStore } from "../../src/store";

const keptAlarmSchema = z.object({
  topic: z.string().nullable(),
  state: z.literal(["ok", "alarm", "unknown"]),
  limit: z.literal(["high", "low"]).nullable(),
  back: z.boolean(),
  acknowledged: z.boolean(),
  since: z.number(),
  received: z.boolean(),
});

/** The part of an alarm that outlives a restart: neither the last value nor the elapsed hold time. */
export type KeptAlarm = z.infer<typeof keptAlarmSchema>;

/**
 * Opens the records of one node.
 * @param onRecord is called for each stored record
 */
export function openRecords(folder: string, onRecord?: (alarm: KeptAlarm) => void): Promise<RecordStore<KeptAlarm>> {
  return RecordStore.open(folder, keptAlarmSchema, onRecord);
}
