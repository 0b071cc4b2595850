import { z } from "zod";
import { createFileSchema, idSchema, type CreateFile, type FileIdentity } from "../api";
import { inBatches } from "../async/batches";
import { ContentStore, contentHash, RecordStore } from "../store";
import { HttpError } from "./http-error";
import { randomId } from "./ids";

const REMOVED_AT_ONCE = 50;

const storedFileSchema = z.object({
  ...createFileSchema.shape,
  id: idSchema,
  createdTime: z.number(),
  lastUpdatedTime: z.number(),
  uploadedTime: z.number().optional(),
  sha256: z.string().optional(),
});

/** A file as it is stored. `sha256` names its picture; it and `uploadedTime` are missing until one was uploaded. */
export type StoredFile = z.infer<typeof storedFileSchema>;

/** When the file got its picture; if it has none, when it was created (ms since 1970). */
export function fileTime(file: StoredFile): number {
  return file.uploadedTime ?? file.createdTime;
}

/** The server's files: their records, which are also kept in memory, and their pictures. */
export class FileStore {
  readonly #files = new Map<number, StoredFile>();
  readonly #idsByExternalId = new Map<string, number>();
  /** Pictures that are being written and that no record names yet, with the number of uploads of each. */
  readonly #arriving = new Map<string, number>();

  private constructor(
    private readonly records: RecordStore<StoredFile>,
    private readonly pictures: ContentStore,
  ) {}

  /** Opens the records and pictures in two folders. */
  static async open(recordDir: string, pictureDir: string): Promise<FileStore> {
    const found: StoredFile[] = [];
    const records = await RecordStore.open(recordDir, storedFileSchema, (file) => found.push(file));
    const store = new FileStore(records, await ContentStore.open(pictureDir));
    for (const file of found) store.#remember(file);
    return store;
  }

  /** How many temporary files and damaged records were moved away when the stores were opened. */
  get setAside(): number {
    return this.records.setAside + this.pictures.setAside;
  }

  /** Total size of all pictures in bytes. */
  get totalBytes(): number {
    return this.pictures.totalBytes;
  }

  all(): StoredFile[] {
    return [...this.#files.values()];
  }

  /** Finds a file by id or external id. This server assigns no instance ids, so they never match a file. */
  find(identity: FileIdentity): StoredFile | undefined {
    if ("id" in identity) return this.#files.get(identity.id);
    if (!("externalId" in identity)) return undefined;
    const id = this.#idsByExternalId.get(identity.externalId);
    return id === undefined ? undefined : this.#files.get(id);
  }

  /**
   * Creates a file without a picture. With `overwrite`, it replaces the file of the same external id and keeps its id.
   * @throws {HttpError} 409 when the external id exists and `overwrite` is false
   */
  async create(request: CreateFile, overwrite: boolean): Promise<StoredFile> {
    const { externalId } = request;
    const old = externalId === undefined ? undefined : this.find({ externalId });
    if (old !== undefined && !overwrite) {
      throw new HttpError(409, `Files already exist: externalId ${JSON.stringify(externalId)}`, {
        duplicated: [{ externalId }],
      });
    }
    const now = Date.now();
    const file = { ...request, id: old?.id ?? randomId(), createdTime: old?.createdTime ?? now, lastUpdatedTime: now };
    await this.#store(file, old);
    return file;
  }

  /** Stores the picture of a file and replaces an earlier one. Returns undefined when there is no such file. */
  async upload(id: number, bytes: Uint8Array): Promise<StoredFile | undefined> {
    const sha256 = contentHash(bytes);
    this.#arriving.set(sha256, (this.#arriving.get(sha256) ?? 0) + 1);
    try {
      await this.pictures.put(bytes);
      const old = this.#files.get(id);
      if (old === undefined) return undefined;
      const now = Date.now();
      const file = { ...old, sha256, uploadedTime: now, lastUpdatedTime: now };
      await this.#store(file, old);
      return file;
    } finally {
      const left = (this.#arriving.get(sha256) ?? 1) - 1;
      if (left > 0) this.#arriving.set(sha256, left);
      else this.#arriving.delete(sha256);
    }
  }

  /** Removes files, until `signal` is aborted. Their pictures stay until `removeUnusedPictures`. */
  async remove(files: readonly StoredFile[], signal: AbortSignal): Promise<void> {
    await inBatches(files, REMOVED_AT_ONCE, (file) => this.#remove(file), signal);
  }

  /** Removes the pictures that no file names and that are not among `inUse()` (sha256), until `signal` is aborted. */
  async removeUnusedPictures(inUse: () => ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    // Computed again for each batch: a picture may come into use while others are removed.
    for (let unused = this.#unusedPictures(inUse()); unused.length > 0; unused = this.#unusedPictures(inUse())) {
      if (signal.aborted) return;
      await Promise.all(unused.slice(0, REMOVED_AT_ONCE).map((name) => this.pictures.remove(name)));
    }
  }

  /** The path of a picture. */
  picturePath(sha256: string): string {
    return this.pictures.path(sha256);
  }

  /** Whether the picture is stored. */
  hasPicture(sha256: string): boolean {
    return this.pictures.size(sha256) !== undefined;
  }

  /** The size of a picture in bytes, 0 when it is gone. */
  pictureBytes(sha256: string): number {
    return this.pictures.size(sha256) ?? 0;
  }

  #unusedPictures(inUse: ReadonlySet<string>): string[] {
    const named = new Set(this.all().map((file) => file.sha256));
    return this.pictures.names().filter((name) => !named.has(name) && !inUse.has(name) && !this.#arriving.has(name));
  }

  async #remove(file: StoredFile): Promise<void> {
    // Another request may have replaced or removed it since the list was made.
    if (this.#files.get(file.id) !== file) return;
    // Forgotten first, so that an upload that arrives meanwhile is refused instead of being lost.
    this.#forget(file);
    try {
      await this.records.remove(String(file.id));
    } catch (error) {
      this.#remember(file);
      throw error;
    }
  }

  async #store(file: StoredFile, old: StoredFile | undefined): Promise<void> {
    this.#remember(file);
    try {
      await this.records.put(String(file.id), file);
    } catch (error) {
      this.#forget(file);
      if (old !== undefined) this.#remember(old);
      throw error;
    }
  }

  #remember(file: StoredFile): void {
    this.#files.set(file.id, file);
    if (file.externalId !== undefined) this.#idsByExternalId.set(file.externalId, file.id);
  }

  #forget(file: StoredFile): void {
    this.#files.delete(file.id);
    if (file.externalId !== undefined) this.#idsByExternalId.delete(file.externalId);
  }
}
