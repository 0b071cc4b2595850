import { asError, isFinal, SegmentError, type Job } from "../api";
import { cancelledError } from "./cancelled";
import { waitFor, type PendingWait } from "../async/wait-for";
import type { Hints, JobRoutes } from "./jobs";
import { LongPoll } from "./long-poll";
import type { Poller } from "./poller";
import type { RetryDelays } from "./retry-delays";
import type { Semaphore } from "../async/semaphore";
import { IntervalPoll } from "./interval-poll";

export interface WaitOptions {
  /** Milliseconds until the wait ends as `timed-out`; none by default or by 0. */
  timeoutMs?: number;
  /** Ends the wait as `cancelled`. */
  signal?: AbortSignal;
  /** Receives every state of the job that the service reports. */
  onPoll?: (job: Job) => void;
}

/** The status of a job that has not been polled. */
const UNKNOWN = "not known yet";

interface JobWait extends PendingWait<Job> {
  onPoll: ((job: Job) => void) | undefined;
}

/** One job and the waits for it. */
interface Watch {
  waits: Set<JobWait>;
  since: number;
  status: string;
}

/**
 * Waits for many jobs of one service with few requests: by one long poll where the server offers that, else by polls of
 * single jobs, which become rarer with a job's age.
 */
export class JobWaiter {
  readonly #watches = new Map<number, Watch>();
  readonly #single: IntervalPoll;
  readonly #long: LongPoll;
  /** Whether the service offers the long poll; undefined while that is unknown. */
  #byids: boolean | undefined;
  /** The service offered the long poll and then refused it: it is not tried again. */
  #refused = false;
  #closed = false;

  /** @param lane how many polls of single jobs may be under way at once */
  constructor(jobs: JobRoutes, lane: Semaphore, delays: RetryDelays) {
    const listener = {
      seen: (job: Job) => this.#seen(job),
      failed: (jobIds: number[], error: unknown) => this.#failed(jobIds, error),
    };
    this.#single = new IntervalPoll(jobs, lane, delays, {
      ...listener,
      isProbing: () => this.#byids === undefined,
      hinted: (hints) => this.#hinted(hints),
    });
    this.#long = new LongPoll(jobs, delays, { ...listener, refused: () => this.#refuse() });
  }

  /**
   * Waits until a job has ended. Several waits for one job share its polls.
   * @returns the job, `Completed` or `Failed`
   * @throws {SegmentError} `timed-out`, `cancelled`, `job-not-found`, or why the service could not be asked
   */
  wait(jobId: number, { timeoutMs = 0, signal, onPoll }: WaitOptions = {}): Promise<Job> {
    if (this.#closed) return Promise.reject(cancelledError(`wait for job ${jobId}`));
    let watch: Watch | undefined;
    return waitFor<Job>(
      (wait) => {
        const joined = (watch = this.#watch(jobId));
        const waiting = { onPoll, ...wait };
        joined.waits.add(waiting);
        return () => {
          joined.waits.delete(waiting);
          if (joined.waits.size === 0) this.#drop(jobId);
        };
      },
      {
        signal,
        onAbort: () => {
          throw cancelledError(`wait for job ${jobId}`);
        },
        ms: timeoutMs > 0 ? timeoutMs : undefined,
        onTimeout: () => {
          throw timedOut(jobId, timeoutMs, watch?.status ?? UNKNOWN);
        },
      },
    );
  }

  /** Learns from the response to a started job what the service offers. */
  learn(hints: Hints): void {
    this.#setByids(hints.byids && !this.#refused);
  }

  /** Ends all waits as `cancelled`; later ones too. */
  close(): void {
    this.#closed = true;
    for (const [jobId, { waits }] of this.#watches) {
      for (const wait of waits) wait.reject(cancelledError(`wait for job ${jobId}`));
    }
  }

  get #poller(): Poller {
    return this.#byids === true ? this.#long : this.#single;
  }

  #watch(jobId: number): Watch {
    const known = this.#watches.get(jobId);
    if (known !== undefined) return known;
    const watch = { waits: new Set<JobWait>(), since: performance.now(), status: UNKNOWN };
    this.#watches.set(jobId, watch);
    this.#poller.add(jobId, watch.since);
    return watch;
  }

  #drop(jobId: number): void {
    this.#watches.delete(jobId);
    this.#poller.remove(jobId);
  }

  #seen(job: Job): void {
    const watch = this.#watches.get(job.jobId);
    if (watch === undefined) return;
    watch.status = job.status;
    for (const wait of watch.waits) {
      // Each wait gets an object of its own, as a flow may write into it.
      const own = watch.waits.size > 1 ? structuredClone(job) : job;
      try {
        wait.onPoll?.(own);
        if (isFinal(job.status)) wait.resolve(own);
      } catch (error) {
        wait.reject(asError(error));
      }
    }
  }

  #failed(jobIds: number[], error: unknown): void {
    for (const jobId of jobIds) {
      for (const wait of this.#watches.get(jobId)?.waits ?? []) wait.reject(asError(error));
    }
  }

  /** A server that holds polls of single jobs is most likely ours, though only responses to a started job are certain. */
  #hinted({ byids, held }: Hints): void {
    if (this.#byids === undefined) this.#setByids((byids || held) && !this.#refused);
  }

  #refuse(): void {
    this.#refused = true;
    this.#setByids(false);
  }

  #setByids(byids: boolean): void {
    if (byids === this.#byids) return;
    const before = this.#poller;
    this.#byids = byids;
    if (this.#poller === before) return;
    for (const [jobId, { since }] of this.#watches) {
      before.remove(jobId);
      this.#poller.add(jobId, since);
    }
  }
}

function timedOut(jobId: number, timeoutMs: number, status: string): SegmentError {
  return new SegmentError(
    "timed-out",
    `Job ${jobId} has not ended within ${timeoutMs / 1000} s (last status: ${status}). ` +
      "It may still end later; a longer time-out can be set in the wait node.",
  );
}
