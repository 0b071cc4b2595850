import { SegmentError, ServiceError } from "../api";
import type { JobRoutes } from "./jobs";
import type { Poller, PollListener } from "./poller";
import type { RetryDelays } from "./retry-delays";

const MAX_IDS = 1000;
/** Jobs that are started, or end, within this time (ms) share one renewal. */
const GATHER_MS = 10;
/** What a look that has ended jobs to tell of gets to come back (ms): jobs that keep joining must not cut off each one. */
const ANSWER_MS = 50;
/** The shortest time (ms) between two looks that find nothing: a service that answers at once must not make us spin. */
const MIN_CYCLE_MS = 1000;
/** How a service answers that does not have the extension after all. */
const NOT_OFFERED = [400, 404, 405, 410, 501];

/**
 * Looks at all jobs by one request that the server holds until any of them has ended; renewed when a job joins.
 * It needs the server's `byids` extension.
 */
export class LongPoll implements Poller {
  /** The oldest first, as jobs are served in order. */
  readonly #ids = new Set<number>();
  #request: AbortController | undefined;
  #requestedAt = -Infinity;
  #renewal: NodeJS.Timeout | undefined;
  #renewalAt = Infinity;
  #notBefore = 0;

  constructor(
    private readonly jobs: JobRoutes,
    private readonly delays: RetryDelays,
    /** `refused` hears that the service does not have the extension, and takes the jobs away. */
    private readonly listener: PollListener & { refused(): void },
  ) {}

  add(jobId: number): void {
    this.#ids.add(jobId);
    if (this.#ids.size > MAX_IDS) return;
    this.#renewAfter(Math.max(GATHER_MS, this.#requestedAt + ANSWER_MS - performance.now()));
  }

  remove(jobId: number): void {
    this.#ids.delete(jobId);
    if (this.#ids.size > 0) return;
    clearTimeout(this.#renewal);
    this.#renewalAt = Infinity;
    this.#request?.abort();
  }

  #renewAfter(ms: number): void {
    const at = Math.max(performance.now() + ms, this.#notBefore);
    if (at >= this.#renewalAt) return;
    clearTimeout(this.#renewal);
    this.#renewalAt = at;
    this.#renewal = setTimeout(() => {
      this.#renewalAt = Infinity;
      void this.#renew();
    }, at - performance.now());
  }

  async #renew(): Promise<void> {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.#requestedAt = performance.now();
    const pause = await this.#look([...this.#ids].slice(0, MAX_IDS), request.signal);
    if (request.signal.aborted) return;
    this.#requestedAt = -Infinity;
    if (this.#ids.size > 0) this.#renewAfter(pause);
  }

  /** One look; returns the pause before the next. */
  async #look(asked: number[], signal: AbortSignal): Promise<number> {
    const startedAt = performance.now();
    try {
      const { jobs, hints } = await this.jobs.pollMany(asked, {
        signal,
        lane: "none",
        holdSeconds: this.delays.holdSeconds,
        // A repeat is already due then; a job that joins must not bring it forward.
        onPause: (ms) => (this.#notBefore = performance.now() + ms),
      });
      if (signal.aborted) return 0;
      this.#request = undefined; // jobs that leave now have nothing to abort
      jobs.items.forEach((job) => this.listener.seen(job));
      for (const id of jobs.unknownJobIds ?? []) this.listener.failed([id], unknownJob(id));
      if (asked.some((id) => !this.#ids.has(id))) return GATHER_MS;
      if (!hints.held) this.listener.refused();
    } catch (error) {
      if (signal.aborted) return 0;
      if (error instanceof ServiceError && NOT_OFFERED.includes(error.status)) this.listener.refused();
      else this.listener.failed(asked, error);
    }
    this.#moveBack(asked);
    return Math.max(GATHER_MS, startedAt + MIN_CYCLE_MS - performance.now());
  }

  /** Lets jobs beyond the limit of one request have their turn. */
  #moveBack(asked: number[]): void {
    if (this.#ids.size <= MAX_IDS) return;
    for (const id of asked.filter((id) => this.#ids.delete(id))) this.#ids.add(id);
  }
}

function unknownJob(jobId: number): SegmentError {
  return new SegmentError(
    "job-not-found",
    `The service does not know job ${jobId}. It may have been deleted, or belong to another service or project.`,
  );
}
