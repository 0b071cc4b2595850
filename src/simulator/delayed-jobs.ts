import { isFinal, type Job, type StartedJob } from "../api";
import type { Script } from "./script";

interface DelayedJob {
  started: StartedJob;
  seconds: number;
  /** When its result may be reported, by `performance.now()`. */
  dueAt: number;
}

/** Remembers for each started job when its result may be reported. */
export class DelayedJobs {
  readonly #jobs = new Map<number, DelayedJob>();

  constructor(private readonly jobSeconds: NonNullable<Script["jobSeconds"]>) {}

  /** Begins the delay of a job, unless it was started before, with the same idempotency key. */
  started(job: StartedJob): void {
    if (this.#jobs.has(job.jobId)) return;
    const seconds = drawSeconds(this.jobSeconds);
    this.#jobs.set(job.jobId, { started: job, seconds, dueAt: performance.now() + seconds * 1000 });
  }

  /** When a job's result may be reported, by `performance.now()`; 0 for a job that was not started here. */
  dueAt(jobId: number): number {
    return this.#jobs.get(jobId)?.dueAt ?? 0;
  }

  /** The body of the response for a job that is not due yet; undefined for one that is. */
  running(jobId: number): Job | undefined {
    const delayed = this.#jobs.get(jobId);
    if (delayed === undefined || performance.now() >= delayed.dueAt) return undefined;
    const { points, boundingBox, ...job } = delayed.started;
    const prompt = { ...(points == null ? {} : { points }), ...(boundingBox == null ? {} : { boundingBox }) };
    return { ...job, prompt, status: "Running", startTime: job.startTime ?? job.createdTime };
  }

  /** The server's report of a job that is due. If the job has ended, its end is moved to the end of the delay, or stays if it is later. */
  ended(job: Job): Job {
    const delayed = this.#jobs.get(job.jobId);
    if (delayed === undefined || !isFinal(job.status) || job.createdTime == null) return job;
    const earliest = job.createdTime + Math.round(delayed.seconds * 1000);
    return { ...job, statusTime: Math.max(job.statusTime ?? 0, earliest) };
  }
}

function drawSeconds(given: NonNullable<Script["jobSeconds"]>): number {
  if (typeof given === "number") return given;
  return given.lognormal.median * Math.exp(given.lognormal.sigma * standardNormal());
}

/** Draws from the standard normal distribution, by the method of Box and Muller. */
function standardNormal(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
