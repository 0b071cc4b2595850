import { AUTO, errorText, SegmentError, type SegmentRequest } from "../api";
import type { Engine, EngineIdentity, Engines } from "../engine";
import { contentHash } from "../store";
import { CompletionNotifier } from "./completion-notifier";
import { chooseEngine } from "./engine-choice";
import type { FileStore } from "./file-store";
import { fileOf } from "./file-references";
import { HttpError } from "./http-error";
import { randomId } from "./ids";
import type { FirstJob, JobCounts, JobStore } from "./job-store";
import type { Log } from "./log";
import type { StoredJob } from "./stored-job";

const RETRY_AFTER_S = 2;
/** A job that was running at this many deaths of the server is not run again: it may be the cause. */
const MOST_ATTEMPTS = 3;

/** What a request specifies in its headers. */
export interface StartOptions {
  idempotencyKey?: string;
  /** The most segments that the result may have. */
  candidates?: number;
  /** Name of the engine, by default `auto`. */
  engine?: string;
}

/**
 * Starts jobs, runs them on the engines first in, first out, and notifies the requests that wait for them to end.
 *
 * States of a job:
 * - Queued -> Running: a worker begins it; `attempts` goes up by one.
 * - Running -> Completed: with segments. Queued or Running -> Failed: with an error message.
 * - Running -> Queued: `stop` cancelled it, or the process died and the store was opened again. The next process runs it.
 *   A cancelled run does not count as an attempt; after three that died with the process, the job is Failed.
 */
export class JobService {
  readonly #completions = new CompletionNotifier();
  readonly #runs = new Set<Promise<void>>();
  #closing = false;

  constructor(
    private readonly store: JobStore,
    private readonly files: FileStore,
    private readonly engines: Engines,
    private readonly options: { maxQueued: number; log: Log },
  ) {}

  /** Runs the jobs that the previous process left unfinished. Returns how many. */
  resume(): number {
    const jobs = this.store.unfinished();
    for (const job of jobs) this.#launch(job);
    return jobs.length;
  }

  /**
   * Starts a job. A repeated request with the same idempotency key gets the job of the first one.
   * @returns the job, once it is on the disk
   * @throws {HttpError} 400 unknown file or engine, 422 key used for another request, 429 queue full
   */
  async start(
    request: SegmentRequest,
    { idempotencyKey, candidates, engine = AUTO }: StartOptions,
  ): Promise<StoredJob> {
    const askedEngine = engine === AUTO ? undefined : engine;
    const bodyHash = contentHash(Buffer.from(JSON.stringify([request, candidates, askedEngine])));
    // No await between this lookup and `store.add`: two equal requests at once must not both be first.
    const first = idempotencyKey === undefined ? undefined : this.store.findByKey(idempotencyKey);
    if (first !== undefined) return this.#repeat(first, bodyHash);

    const chosen = chooseEngine(this.engines, engine);
    if (typeof chosen === "string") throw new HttpError(400, chosen);
    const file = fileOf(this.files, request.items[0]);
    if (this.counts().queued >= this.options.maxQueued) {
      throw new HttpError(429, `${this.options.maxQueued} jobs are already queued: try again later`, {
        headers: { "retry-after": String(RETRY_AFTER_S) },
      });
    }
    const now = Date.now();
    const job: StoredJob = {
      jobId: randomId(),
      status: "Queued",
      createdTime: now,
      startTime: null,
      statusTime: now,
      errorMessage: null,
      fileId: file.id,
      fileExternalId: file.externalId,
      sha256: file.sha256,
      prompt: { points: request.points, boundingBox: request.boundingBox },
      candidates,
      askedEngine,
      attempts: 0,
      idempotency: idempotencyKey === undefined ? undefined : { key: idempotencyKey, bodyHash },
    };
    await this.store.add(job);
    this.#launch(job);
    return job;
  }

  /** Gets a job by its id, with its result if it has ended. */
  get(jobId: number): Promise<StoredJob | undefined> {
    return this.store.get(jobId);
  }

  /** Whether the job is known and has not ended. */
  isUnfinished(jobId: number): boolean {
    return this.store.isUnfinished(jobId);
  }

  /** Resolves as soon as one of the jobs has ended or is unknown, after `ms`, or when `signal` is aborted. */
  async waitForAny(jobIds: readonly number[], ms: number, signal: AbortSignal): Promise<void> {
    if (this.#closing || jobIds.some((jobId) => !this.store.isUnfinished(jobId))) return;
    await this.#completions.any(jobIds, ms, signal);
  }

  /** How many jobs are queued and how many are running. */
  counts(): JobCounts {
    return this.store.counts();
  }

  /** The pictures (sha256) that unfinished jobs need. */
  picturesInUse(): Set<string> {
    return new Set(this.store.unfinished().flatMap((job) => job.sha256 ?? []));
  }

  /** Ends all waits. Jobs that the engine cancels from now on go back to the queue for the next start. */
  stop(): void {
    this.#closing = true;
    this.#completions.close();
  }

  /** Resolves when no job is running and every state is on the disk. */
  async idle(): Promise<void> {
    await Promise.all(this.#runs);
  }

  async #repeat(first: FirstJob, bodyHash: string): Promise<StoredJob> {
    if (first.bodyHash !== bodyHash) throw new HttpError(422, "The Idempotency-Key was used for another request");
    await first.stored;
    const job = await this.store.get(first.jobId);
    if (job === undefined) throw new HttpError(409, "The job of this Idempotency-Key was removed a moment ago");
    return job;
  }

  #launch(job: StoredJob): void {
    if (this.#closing) return;
    const run = this.#run(job).finally(() => this.#runs.delete(run));
    this.#runs.add(run);
  }

  async #run(job: StoredJob): Promise<void> {
    let current = job;
    try {
      const segments = await this.#segment(job, (engine) => {
        const now = Date.now();
        current = { ...job, engine, status: "Running", startTime: now, statusTime: now, attempts: job.attempts + 1 };
        void this.#write(current);
      });
      current = { ...current, status: "Completed", segments };
    } catch (error) {
      if (this.#closing && error instanceof SegmentError && error.code === "cancelled") {
        await this.#write(job);
        return;
      }
      if (!(error instanceof SegmentError)) {
        this.options.log(
          `job ${job.jobId}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      }
      current = { ...current, status: "Failed", errorMessage: errorText(error) };
    }
    await this.#write({ ...current, statusTime: Date.now() });
    this.#completions.ended(job.jobId);
  }

  #segment(
    { fileId, sha256, prompt, candidates, askedEngine = AUTO, attempts }: StoredJob,
    onStart: (by: EngineIdentity) => void,
  ): ReturnType<Engine["segment"]> {
    if (sha256 === undefined) {
      throw new SegmentError("job-failed", `The file ${fileId} has no picture: upload one before starting a job`);
    }
    if (attempts >= MOST_ATTEMPTS) {
      throw new SegmentError(
        "job-failed",
        `The server died ${attempts} times while it was running this job, so the job is not run again`,
      );
    }
    // Chosen again: a job from before a restart may ask for an engine that the server no longer has.
    const engine = chooseEngine(this.engines, askedEngine);
    if (typeof engine === "string") throw new SegmentError("job-failed", engine);
    return engine.segment({ file: this.files.picturePath(sha256), sha256, prompt, candidates }, onStart);
  }

  /** Writes a job's new state. If that fails, the state stays in memory until the server stops. */
  async #write(job: StoredJob): Promise<void> {
    try {
      await this.store.update(job);
    } catch (error) {
      this.options.log(`job ${job.jobId} could not be written: ${errorText(error)}`);
    }
  }
}
