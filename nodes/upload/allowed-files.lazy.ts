import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { z } from "zod";
import { errorText, MAX_PICTURE_BYTES, SegmentError } from "../../src/api";

const SETTING = "segmentAllowedFolders";
/** Opens the file that was checked: no link that has replaced it since, and no pipe that would block. */
const OPENING = constants.O_RDONLY | flag("O_NOFOLLOW") | flag("O_NONBLOCK");

/**
 * Reads a file in one of the allowed folders, whatever `..` and links its path contains.
 * @param place where the path was found, in the user's terms, for errors
 * @param folders the setting of settings.js; undefined for none
 * @throws {SegmentError} `not-allowed`; `invalid-image` when there is no such file or it can't be a picture
 */
export async function readAllowedFile(
  place: string,
  path: string,
  folders: unknown,
  signal: AbortSignal,
): Promise<Buffer> {
  const file = await allowedFile(place, path, await realFolders(folders));
  const fail = (reason: string): never => {
    throw new SegmentError("invalid-image", `${place}: the file ${path} ${reason}`);
  };
  const unreadable = (error: unknown): never =>
    // A socket can't be opened at all.
    fail(codeOf(error) === "ENXIO" ? "is no regular file" : `can't be read: ${errorText(error)}`);
  const handle = await open(file, OPENING).catch(unreadable);
  try {
    const info = await handle.stat();
    if (!info.isFile()) fail("is no regular file");
    if (info.size > MAX_PICTURE_BYTES) fail(`is too large: at most ${MAX_PICTURE_BYTES / 2 ** 20} MB are taken`);
    return await handle.readFile({ signal }).catch(unreadable);
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** A flag for opening a file; 0 where the system does not have it, as Windows. */
function flag(name: "O_NOFOLLOW" | "O_NONBLOCK"): number {
  const flags: Partial<typeof constants> = constants;
  return flags[name] ?? 0;
}

interface Folder {
  given: string;
  /** Without links; undefined when there is no such folder. */
  real: string | undefined;
}

async function realFolders(setting: unknown): Promise<Folder[]> {
  const parsed = z.array(z.string().refine(isAbsolute)).safeParse(setting ?? []);
  if (!parsed.success) {
    throw new SegmentError("not-allowed", `${SETTING} in settings.js must be a list of absolute paths of folders`);
  }
  return Promise.all(
    parsed.data.map(async (folder) => ({
      given: resolve(folder),
      real: await realpath(folder).catch(() => undefined),
    })),
  );
}

/** The file's path without links. */
async function allowedFile(place: string, path: string, folders: Folder[]): Promise<string> {
  // Without allowed folders the path is not resolved: on a dead network share that would take long.
  const real = folders.length === 0 ? undefined : await realpath(path).catch(() => undefined);
  if (real !== undefined && folders.some((folder) => folder.real !== undefined && isInside(folder.real, real)))
    return real;
  // Report a missing file only below an allowed folder: elsewhere it would reveal which files exist.
  if (real === undefined && folders.some(({ given }) => isInside(given, resolve(path)))) {
    throw new SegmentError("invalid-image", `${place}: there is no file ${path}, or Node-RED may not read it`);
  }
  throw new SegmentError(
    "not-allowed",
    `${place}: the file ${path} is in no allowed folder: add its folder to ${SETTING} in settings.js and restart Node-RED`,
  );
}

function isInside(folder: string, file: string): boolean {
  const way = relative(folder, file);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
