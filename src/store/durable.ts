import { randomUUID } from "node:crypto";
import { mkdir, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fd } from "./descriptors";

/** The ending of the name of a file that is being written. */
export const TEMPORARY_SUFFIX = ".tmp";

/** Whether a file name is that of an unfinished write. */
export function isTemporary(name: string): boolean {
  return name.endsWith(TEMPORARY_SUFFIX);
}

/**
 * Writes a whole file so that after a crash or power cut it holds either the old bytes or the new ones:
 * temporary file, fsync, rename, fsync of the folder. Missing folders are created.
 */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  const temporary = `${path}.${randomUUID()}${TEMPORARY_SUFFIX}`;
  try {
    const descriptor = await createFile(temporary);
    try {
      await fd.writeFile(descriptor, bytes);
      await fd.sync(descriptor);
    } finally {
      await fd.close(descriptor);
    }
    await rename(temporary, path);
  } catch (error) {
    await removeIfThere(temporary);
    throw error;
  }
  await syncFolder(folder);
}

/** Removes a file for good, also after a power cut. Returns whether it existed. */
export async function removeDurably(file: string): Promise<boolean> {
  const existed = await removeIfThere(file);
  if (existed) await syncFolder(dirname(file));
  return existed;
}

/** Removes a file; after a power cut it may exist again. Returns whether it existed. */
export async function removeIfThere(file: string): Promise<boolean> {
  try {
    await unlink(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Moves an unusable file into `folder`, so that a person can inspect it but no store reads it again. */
export async function setAside(file: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await rename(file, join(folder, `${basename(file)}.${randomUUID()}`));
}

/** Whether an error means that a file or folder does not exist. */
export function isMissing(error: unknown): boolean {
  return hasCode(error, "ENOENT");
}

/**
 * Whether an error means that the file itself can't be read, now or later. Errors that may pass (too many open files, a
 * missing permission, a share that is not mounted) do not count.
 */
export function isUnreadable(error: unknown): boolean {
  return hasCode(error, "EIO", "EUCLEAN", "EISDIR");
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/** Creates a file for writing and reading, without syncing its name. Creates the folder only if that fails: it nearly always exists. */
export async function createFile(path: string): Promise<number> {
  try {
    return await fd.open(path, "wx+", 0o600);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await makeFolder(dirname(path));
    return fd.open(path, "wx+", 0o600);
  }
}

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  // A new folder is only durable when the folder above it is synced too.
  if (first !== undefined) await syncFolder(dirname(first));
}

/** Waits until the names of the folder's files are on the disk. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows can't open a folder; its file system keeps the rename in its journal.
  if (process.platform === "win32") return;
  const descriptor = await fd.open(folder, "r");
  try {
    await fd.sync(descriptor);
  } finally {
    await fd.close(descriptor);
  }
}
