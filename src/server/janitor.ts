import { errorText } from "../api";
import { pruneEmbeddings } from "../engine";
import { fileTime, type FileStore, type StoredFile } from "./file-store";
import type { JobStore } from "./job-store";
import type { JobService } from "./job-service";
import type { Log } from "./log";

const TIDY_EVERY_MS = 60_000;
/** Each upload may add an embedding of 4 MB, so embeddings exceed the limit by at most 16 of them. */
const UPLOADS_BETWEEN_PRUNING = 16;

/** Limits on what the server keeps. */
export interface KeepLimits {
  /** Ended jobs and files older than this are removed. */
  keepHours: number;
  /**
   * The oldest files are removed while all pictures together take more than this (1 MB = 1,000,000 bytes). Embeddings
   * may take what the pictures leave.
   */
  keepMegabytes: number;
}

/** Removes old jobs, files, pictures and embeddings, but nothing that an unfinished job needs. */
export class Janitor {
  readonly #timer = setInterval(() => void this.tidy(), TIDY_EVERY_MS).unref();
  readonly #closing = new AbortController();
  #round: Promise<void> | undefined;
  #uploads = 0;

  constructor(
    private readonly store: JobStore,
    private readonly files: FileStore,
    private readonly jobs: JobService,
    private readonly embeddingDir: string,
    private readonly limits: KeepLimits,
    private readonly log: Log,
  ) {}

  /** Removes everything that exceeds the limits. Never rejects: a failure is logged, and the next round tries again. */
  tidy(): Promise<void> {
    this.#round ??= this.#tidy()
      .catch((error: unknown) => this.log(`old jobs and files could not be removed: ${errorText(error)}`))
      .finally(() => (this.#round = undefined));
    return this.#round;
  }

  /** Starts tidying when pictures or embeddings may exceed their limits. Call it after each upload. */
  noticeUpload(): void {
    this.#uploads += 1;
    if (this.files.totalBytes > this.#maxBytes()) void this.tidy();
    else if (this.#uploads % UPLOADS_BETWEEN_PRUNING === 0) void this.#pruneEmbeddings();
  }

  /** Removes files, and their pictures and embeddings where nothing else needs them. */
  async removeFiles(files: readonly StoredFile[]): Promise<void> {
    await this.#removeFiles(files);
    await this.#pruneEmbeddings();
  }

  /** Stops tidying. A round that is under way ends soon; the next start continues it. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await this.#round;
  }

  async #tidy(): Promise<void> {
    const oldest = Date.now() - this.limits.keepHours * 3_600_000;
    await this.store.removeEndedBefore(oldest, this.#closing.signal);
    const inUse = this.jobs.picturesInUse();
    const removable = this.files.all().filter(({ sha256 }) => sha256 === undefined || !inUse.has(sha256));
    await this.#removeFiles(removable.filter((file) => fileTime(file) < oldest));
    await this.#removeFiles(this.#overLimit(inUse));
    await this.#pruneEmbeddings();
  }

  async #removeFiles(files: readonly StoredFile[]): Promise<void> {
    await this.files.remove(files, this.#closing.signal);
    await this.files.removeUnusedPictures(() => this.jobs.picturesInUse(), this.#closing.signal);
  }

  /** Pictures come first: embeddings can be computed again. */
  #pruneEmbeddings(): Promise<void> {
    return pruneEmbeddings(this.embeddingDir, {
      maxBytes: this.#maxBytes() - this.files.totalBytes,
      isWanted: (sha256) => this.files.hasPicture(sha256),
      signal: this.#closing.signal,
    });
  }

  /**
   * The oldest files that must be removed so that the rest fits. The newest file stays, however large. Files dated in the
   * future, from before the clock was set back, count as the oldest: otherwise a new picture would be removed before its
   * job starts.
   */
  #overLimit(inUse: ReadonlySet<string>): StoredFile[] {
    const now = Date.now();
    const order = (file: StoredFile): number => (fileTime(file) > now ? 0 : fileTime(file));
    const files = this.files.all().sort((a, b) => order(a) - order(b) || fileTime(a) - fileTime(b));
    const users = new Map<string, number>();
    for (const { sha256 } of files) if (sha256 !== undefined) users.set(sha256, (users.get(sha256) ?? 0) + 1);
    let excess = this.files.totalBytes - this.#maxBytes();
    const surplus: StoredFile[] = [];
    for (const file of files.slice(0, -1)) {
      if (excess <= 0) break;
      const { sha256 } = file;
      if (sha256 === undefined || inUse.has(sha256)) continue;
      surplus.push(file);
      const left = (users.get(sha256) ?? 1) - 1;
      users.set(sha256, left);
      if (left === 0) excess -= this.files.pictureBytes(sha256);
    }
    return surplus;
  }

  #maxBytes(): number {
    return this.limits.keepMegabytes * 1_000_000;
  }
}
