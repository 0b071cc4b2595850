import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Raise it when the preparation of pictures for the encoder or the format of the files changes. */
const FORMAT = "v1";
const CHECKSUM_BYTES = 32;
/** A file's name begins with the sha256 of its picture. */
const FILE_NAME = /^([0-9a-f]{64})\./;

/**
 * Embeddings on disk, for prompts on a picture after a restart or in another worker. It is a cache: a damaged file
 * counts as missing. A file holds a sha256 of its name and values, and the values as 32 bit floats.
 */
export class EmbeddingFolder {
  /**
   * @param dir made at the first `write`
   * @param encoderSha256 of the weights: embeddings of other weights are never read
   */
  constructor(
    private readonly dir: string,
    private readonly encoderSha256: string,
  ) {}

  /**
   * The embedding of a picture, if it is kept, row by row. Never rejects.
   * @param sha256 of the picture's file
   */
  async read(sha256: string): Promise<Float32Array | undefined> {
    const name = this.#name(sha256);
    const file = join(this.dir, name);
    try {
      const bytes = await readFile(file);
      const values = bytes.subarray(CHECKSUM_BYTES);
      if (!bytes.subarray(0, CHECKSUM_BYTES).equals(checksum(name, values))) {
        await rm(file);
        return undefined;
      }
      const now = new Date();
      await utimes(file, now, now).catch(() => undefined); // for pruneEmbeddings
      return new Float32Array(new Uint8Array(values).buffer);
    } catch {
      return undefined;
    }
  }

  /** Keeps an embedding. @throws {Error} of the file system, with nothing left behind */
  async write(sha256: string, { buffer, byteOffset, byteLength }: Float32Array): Promise<void> {
    const name = this.#name(sha256);
    const values = new Uint8Array(buffer, byteOffset, byteLength);
    const temporary = join(this.dir, `${name}.${randomUUID()}.tmp`);
    await mkdir(this.dir, { recursive: true });
    try {
      await writeFile(temporary, [checksum(name, values), values], { mode: 0o600 });
      await rename(temporary, join(this.dir, name));
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  #name(sha256: string): string {
    return `${sha256}.${this.encoderSha256.slice(0, 16)}.${FORMAT}`;
  }
}

/**
 * Removes the least recently used embeddings until the others take no more than `maxBytes`, and those of pictures
 * (sha256) that are no longer wanted. Stops when `signal` is aborted. Leaves files that can't be removed. Never rejects.
 */
export async function pruneEmbeddings(
  dir: string,
  { maxBytes, isWanted, signal }: { maxBytes: number; isWanted: (sha256: string) => boolean; signal: AbortSignal },
): Promise<void> {
  let keptBytes = 0;
  for (const { path, sha256, bytes } of await filesByLastUse(dir)) {
    if (signal.aborted) return;
    if (isWanted(sha256) && keptBytes + bytes <= maxBytes) keptBytes += bytes;
    else await rm(path, { force: true }).catch(() => undefined);
  }
}

/** The embeddings in a folder, including half-written ones, the most recently used first. */
async function filesByLastUse(dir: string): Promise<{ path: string; sha256: string; bytes: number }[]> {
  const names = await readdir(dir).catch(() => []);
  const files = names.map(async (name) => {
    const path = join(dir, name);
    const sha256 = FILE_NAME.exec(name)?.[1];
    const found = sha256 === undefined ? undefined : await stat(path).catch(() => undefined);
    return sha256 === undefined || found === undefined
      ? []
      : [{ path, sha256, bytes: found.size, time: found.mtimeMs }];
  });
  return (await Promise.all(files)).flat().sort((a, b) => b.time - a.time);
}

function checksum(name: string, values: Uint8Array): Buffer {
  return createHash("sha256").update(name).update(values).digest();
}
