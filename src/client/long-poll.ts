import { SegmentError, ServiceError } from "../api";
import type { JobRoutes } from "./jobs";
import type { Poller, PollListener } from "./poller";
import type { RetryDelays } from "./retry-delays";

const MAX_IDS = 1000;
/** Jobs that are started, or end, within this time (ms) share one renewal. */
const GATHER_MS = 10;
/** How long (ms) a request is left alone to return jobs that have ended: jobs that keep joining must not abort each one. */
const UNDISTURBED_MS = 50;
/** The shortest time (ms) between two requests that return nothing: a service that responds at once must not make us spin. */
const MIN_CYCLE_MS = 1000;
/** The statuses of a service that does not have the extension after all. */
const NOT_OFFERED = [400, 404, 405, 410, 501];

/**
 * Polls all jobs by one request that the server holds until any of them has ended. It needs the server's `byids` extension.
 * - Idle: there is no job, no request and no timer.
 * - Asking: a request is held. A job that joins sets the renewal timer; jobs that join within 10 ms share one renewal.
 * - Renewing: the timer is over. The request under way is aborted, and one for all jobs replaces it.
 * - Pausing: the request has returned. The timer is set for the next one: soon when a job has ended, else so that a cycle
 *   takes a second; never before the end of a pause that the service has asked for.
 *
 * When the last job leaves, whatever the state, the request is aborted and the timer stopped.
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
    /** `refused`: the service does not have the extension; it takes the jobs away. */
    private readonly listener: PollListener & { refused(): void },
  ) {}

  add(jobId: number): void {
    this.#ids.add(jobId);
    if (this.#ids.size > MAX_IDS) return;
    this.#renewAfter(Math.max(GATHER_MS, this.#requestedAt + UNDISTURBED_MS - performance.now()));
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
    const pause = await this.#poll([...this.#ids].slice(0, MAX_IDS), request.signal);
    if (request.signal.aborted) return;
    this.#requestedAt = -Infinity;
    if (this.#ids.size > 0) this.#renewAfter(pause);
  }

  /** One request. Returns the pause (ms) before the next one. */
  async #poll(asked: number[], signal: AbortSignal): Promise<number> {
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
