import { mkdirSync, realpathSync } from "node:fs";
import { resolve } from "node:path";

/** Creates a folder and returns its canonical path. Never throws: if the folder can't be created, the first write reports it. */
export function realDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch {
    return resolve(path);
  }
  return existingDirectory(path);
}

/** The same path, without creating the folder. */
export function existingDirectory(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
