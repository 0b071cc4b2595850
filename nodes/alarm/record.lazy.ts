import { z } from "zod";
import { RecordStore } from "../../src/store";

const keptAlarmSchema = z.object({
  topic: z.string().nullable(),
  state: z.literal(["ok", "alarm", "unknown"]),
  limit: z.literal(["high", "low"]).nullable(),
  back: z.boolean(),
  acknowledged: z.boolean(),
  since: z.number(),
  heard: z.boolean(),
});

/** What of an alarm outlives a restart: not the last value, nor the hold time that has passed. */
export type KeptAlarm = z.infer<typeof keptAlarmSchema>;

/**
 * Opens the records of one node.
 * @param onRecord is given each one that is there
 */
export function openRecords(folder: string, onRecord?: (alarm: KeptAlarm) => void): Promise<RecordStore<KeptAlarm>> {
  return RecordStore.open(folder, keptAlarmSchema, onRecord);
}
