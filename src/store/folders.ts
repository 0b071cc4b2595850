import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { inBatches } from "../async/batches";
import { isMissing, isTemporary, isUnreadable, setAside } from "./durable";

const SUB_FOLDER = /^[0-9a-f]{2}$/;
const DAMAGED_FOLDER = "damaged";
const FILES_AT_ONCE = 64;

/** The path of a name of hex digits: in a sub-folder of its first two digits, so that no folder gets too many entries. */
export function pathOf(dir: string, hexName: string): string {
  return join(dir, hexName.slice(0, 2), hexName);
}

/** The folder in which a store keeps unusable files. */
export function damagedFolder(dir: string): string {
  return join(dir, DAMAGED_FOLDER);
}

/**
 * Visits all files of a store that is being opened, many at once. Sets aside temporary files, which only a crash leaves,
 * and unreadable files: one bad sector must not make the whole store unusable. Returns the number of files set aside.
 */
export async function visitFiles(
  dir: string,
  visit: (file: { path: string; name: string }) => Promise<void>,
): Promise<number> {
  let unusable = 0;
  await inBatches(await listFiles(dir), FILES_AT_ONCE, async (file) => {
    if (!isTemporary(file.name) && (await isRead(() => visit(file)))) return;
    await setAside(file.path, damagedFolder(dir));
    unusable += 1;
  });
  return unusable;
}

/** Calls a function that reads a file. Returns whether the file could be read. */
async function isRead(read: () => Promise<void>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    if (isUnreadable(error)) return false;
    throw error;
  }
}

async function listFiles(dir: string): Promise<{ path: string; name: string }[]> {
  const folders = (await namesIn(dir)).filter((name) => SUB_FOLDER.test(name)).map((name) => join(dir, name));
  const files: { path: string; name: string }[] = [];
  for (const folder of folders) {
    for (const name of await namesIn(folder)) files.push({ path: join(folder, name), name });
  }
  return files;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
