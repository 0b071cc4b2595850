import { mkdirSync, realpathSync } from "node:fs";
import { resolve } from "node:path";

/** Makes a folder, and gives one name for it whatever the way to it. One that can't be made is its user's to complain about. */
export function realDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch {
    return resolve(path);
  }
  return existingDirectory(path);
}

/** The same name, without making the folder. */
export function existingDirectory(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
