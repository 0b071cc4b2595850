import { JournalFile } from "../../src/store/journal-file";

/** Keys of the records in a journal, which another process may be writing. */
export async function journalKeys(path: string): Promise<string[]> {
  const keys = new Set<string>();
  for await (const entry of new JournalFile(path).read()) {
    if (entry === "damaged") continue;
    if (entry.value === undefined) keys.delete(entry.key);
    else keys.add(entry.key);
  }
  return [...keys];
}
