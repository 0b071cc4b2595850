import { setTimeout as sleep } from "node:timers/promises";
import { isFinal } from "../api";
import type { Hints, JobRoutes } from "./jobs";
import type { Poller, PollListener } from "./poller";
import type { RetryDelays } from "./retry-delays";
import type { Semaphore } from "../async/semaphore";

/** For how long a look is asked to be held while it is unknown whether the service knows how to. */
const PROBE_SECONDS = 1;

/** Looks at each job by itself, the more rarely the older it is. Works with every service. */
export class IntervalPoll implements Poller {
  readonly #stops = new Map<number, AbortController>();

  /**
   * @param lane how many looks may be under way at once
   * @param listener while it `isProbing`, looks carry `Prefer: wait`; `hinted` hears what answers tell of the service
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

/** The pause after a look: a tenth of the job's age within bounds, ± 10 % so that jobs started together spread. */
export function pollPauseMs(ageMs: number, delays: Pick<RetryDelays, "minPollMs" | "maxPollMs">): number {
  const pause = Math.min(delays.maxPollMs, Math.max(delays.minPollMs, ageMs / 10));
  return pause * (0.9 + 0.2 * Math.random());
}
