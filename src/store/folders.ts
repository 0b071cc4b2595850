import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isMissing, isTemporary, setAside } from "./durable";

const SUB_FOLDER = /^[0-9a-f]{2}$/;
const DAMAGED_FOLDER = "damaged";

/** Where a name of hex digits lives: in a sub-folder of its first two digits, so that no folder grows too long. */
export function pathOf(dir: string, hexName: string): string {
  return join(dir, hexName.slice(0, 2), hexName);
}

/** Where a store keeps what it could not use. */
export function damagedFolder(dir: string): string {
  return join(dir, DAMAGED_FOLDER);
}

/** All files of a store, folder by folder. */
export async function* listFiles(dir: string): AsyncGenerator<{ path: string; name: string }> {
  for (const folder of await namesIn(dir)) {
    if (!SUB_FOLDER.test(folder)) continue;
    for (const name of await namesIn(join(dir, folder))) yield { path: join(dir, folder, name), name };
  }
}

/** Sets the temporary files aside that a crash has left. Returns how many there were. */
export async function setTemporaryAside(dir: string): Promise<number> {
  let count = 0;
  for await (const { path, name } of listFiles(dir)) {
    if (!isTemporary(name)) continue;
    await setAside(path, damagedFolder(dir));
    count += 1;
  }
  return count;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
