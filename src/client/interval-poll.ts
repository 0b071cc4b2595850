import { setTimeout as sleep } from "node:timers/promises";
import { isFinal } from "../api";
import type { Hints, JobRoutes } from "./jobs";
import type { Poller, PollListener } from "./poller";
import type { RetryDelays } from "./retry-delays";
import type { Semaphore } from "../async/semaphore";

/** How long the service is asked to hold a poll while it is unknown whether it can. */
const PROBE_SECONDS = 1;

/**
 * Polls each job by itself, the more rarely the older it is. Works with every service. A job is
 * - pausing: its next poll follows after `pollPauseMs`, or later when the service asks for that;
 * - being polled: a final status or an error ends its polls, any other status begins the next pause.
 *
 * `remove` ends both.
 */
export class IntervalPoll implements Poller {
  readonly #stops = new Map<number, AbortController>();

  /**
   * @param lane how many polls may be under way at once
   * @param listener while it `isProbing`, polls carry `Prefer: wait`; `hinted` receives what responses reveal of the service
   */
  constructor(
    private readonly jobs: JobRoutes,
    private readonly lane: Semaphore,
    private readonly delays: RetryDelays,
    private readonly listener: PollListener & { hinted(hints: Hints): void; isProbing(): boolean },
  ) {}

  add(jobId: number, since: number): void {
    const stop = new AbortController();
    this.#stops.set(jobId, stop);
    void this.#watch(jobId, since, stop.signal);
  }

  remove(jobId: number): void {
    this.#stops.get(jobId)?.abort();
    this.#stops.delete(jobId);
  }

  async #watch(jobId: number, since: number, signal: AbortSignal): Promise<void> {
    try {
      let pause = this.delays.firstPollMs;
      for (;;) {
        await sleep(pause, undefined, { signal });
        const { job, hints } = await this.jobs.poll(jobId, {
          signal,
          lane: this.lane,
          holdSeconds: this.listener.isProbing() ? PROBE_SECONDS : undefined,
        });
        if (signal.aborted) return;
        this.listener.seen(job);
        this.listener.hinted(hints);
        if (isFinal(job.status)) return;
        const asked = Math.min(hints.retryAfterMs ?? 0, this.delays.patienceMs);
        pause = Math.max(pollPauseMs(performance.now() - since, this.delays), asked);
      }
    } catch (error) {
      if (!signal.aborted) this.listener.failed([jobId], error);
    }
  }
}

/** The pause after a poll: a tenth of the job's age within bounds, ± 10 % so that jobs started together spread. */
export function pollPauseMs(ageMs: number, delays: Pick<RetryDelays, "minPollMs" | "maxPollMs">): number {
  const pause = Math.min(delays.maxPollMs, Math.max(delays.minPollMs, ageMs / 10));
  return pause * (0.9 + 0.2 * Math.random());
}
