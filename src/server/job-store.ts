import { inBatches } from "../async/batches";
import { RecordStore } from "../store";
import { hasEnded, storedJobSchema, type StoredJob } from "./stored-job";

const REMOVED_AT_ONCE = 50;

/** The job that the first POST with an `Idempotency-Key` started. */
export interface FirstJob {
  jobId: number;
  bodyHash: string;
  /** Resolves when the job is on the disk. */
  stored: Promise<void>;
}

/** How many jobs are queued and how many are running. */
export interface JobCounts {
  queued: number;
  running: number;
}

/**
 * The server's jobs. Unfinished jobs are in memory and on the disk, ended ones only on the disk.
 * A job that could not be written when it ended (disk full) stays in memory, so that its client still gets it.
 */
export class JobStore {
  readonly #inMemory = new Map<number, StoredJob>();
  /** Ended jobs on the disk and when they ended (ms since 1970). */
  readonly #endTimes = new Map<number, number>();
  readonly #firstByKey = new Map<string, FirstJob>();

  /** `open` sets it before it returns the store. */
  #records!: RecordStore<StoredJob>;

  private constructor() {}

  /** Opens the store in a folder. Jobs that were running when the previous process ended are queued again. */
  static async open(dir: string): Promise<JobStore> {
    const store = new JobStore();
    store.#records = await RecordStore.open(dir, storedJobSchema, (job) => {
      if (hasEnded(job)) store.#endTimes.set(job.jobId, job.statusTime);
      else store.#inMemory.set(job.jobId, { ...job, status: "Queued", startTime: null, engine: undefined });
      store.#rememberKey(job, Promise.resolve());
    });
    return store;
  }

  /** How many temporary files and damaged records were moved away when the store was opened. */
  get setAside(): number {
    return this.#records.setAside;
  }

  /** The jobs that have not ended, oldest first. */
  unfinished(): StoredJob[] {
    return [...this.#inMemory.values()].filter((job) => !hasEnded(job)).sort((a, b) => a.createdTime - b.createdTime);
  }

  /** Counts the unfinished jobs by status. Cheap enough for every POST. */
  counts(): JobCounts {
    const counts = { queued: 0, running: 0 };
    for (const { status } of this.#inMemory.values()) {
      if (status === "Queued") counts.queued += 1;
      else if (status === "Running") counts.running += 1;
    }
    return counts;
  }

  /** Whether the job is known and has not ended. */
  isUnfinished(jobId: number): boolean {
    const job = this.#inMemory.get(jobId);
    return job !== undefined && !hasEnded(job);
  }

  async get(jobId: number): Promise<StoredJob | undefined> {
    return this.#inMemory.get(jobId) ?? (this.#endTimes.has(jobId) ? this.#records.get(String(jobId)) : undefined);
  }

  /** The job that the first POST with this `Idempotency-Key` started. */
  findByKey(key: string): FirstJob | undefined {
    return this.#firstByKey.get(key);
  }

  /** Adds a new job, at once in memory, and resolves when it is on the disk. If the write fails, the job is forgotten. */
  async add(job: StoredJob): Promise<void> {
    this.#inMemory.set(job.jobId, job);
    const stored = this.#records.put(String(job.jobId), job);
    this.#rememberKey(job, stored);
    try {
      await stored;
    } catch (error) {
      this.#inMemory.delete(job.jobId);
      this.#forgetKey(job);
      throw error;
    }
  }

  /** Replaces an unfinished job, at once in memory, and resolves when the new state is on the disk. */
  async update(job: StoredJob): Promise<void> {
    this.#inMemory.set(job.jobId, job);
    await this.#records.put(String(job.jobId), job);
    if (!hasEnded(job)) return;
    this.#endTimes.set(job.jobId, job.statusTime);
    this.#inMemory.delete(job.jobId);
  }

  /** Removes the jobs that ended before a time (ms since 1970), until `signal` is aborted. */
  async removeEndedBefore(time: number, signal: AbortSignal): Promise<void> {
    const unwritten = [...this.#inMemory.values()].filter((job) => hasEnded(job) && job.statusTime < time);
    const written = [...this.#endTimes].filter(([, endTime]) => endTime < time);
    const jobIds = [...unwritten.map((job) => job.jobId), ...written.map(([jobId]) => jobId)];
    await inBatches(jobIds, REMOVED_AT_ONCE, (jobId) => this.#remove(jobId), signal);
  }

  async #remove(jobId: number): Promise<void> {
    const job = await this.get(jobId);
    await this.#records.remove(String(jobId));
    if (job !== undefined) this.#forgetKey(job);
    this.#inMemory.delete(jobId);
    this.#endTimes.delete(jobId);
  }

  #rememberKey({ jobId, idempotency }: StoredJob, stored: Promise<void>): void {
    if (idempotency === undefined) return;
    this.#firstByKey.set(idempotency.key, { jobId, bodyHash: idempotency.bodyHash, stored });
  }

  #forgetKey({ idempotency }: StoredJob): void {
    if (idempotency !== undefined) this.#firstByKey.delete(idempotency.key);
  }
}
