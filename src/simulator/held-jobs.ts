import { isFinal, type Job, type StartedJob } from "../api";
import type { Script } from "./script";

interface HeldJob {
  started: StartedJob;
  seconds: number;
  /** When its answer may be given out, by `performance.now()`. */
  dueAt: number;
}

/** Remembers for each started job how long its result is to be held back. */
export class HeldJobs {
  readonly #jobs = new Map<number, HeldJob>();

  constructor(private readonly jobSeconds: NonNullable<Script["jobSeconds"]>) {}

  /** Hears of a job that was started, or of one that was started before with the same idempotency key. */
  started(job: StartedJob): void {
    if (this.#jobs.has(job.jobId)) return;
    const seconds = drawSeconds(this.jobSeconds);
    this.#jobs.set(job.jobId, { started: job, seconds, dueAt: performance.now() + seconds * 1000 });
  }

  /** When a job's answer may be given out, by `performance.now()`; 0 for jobs that are not known here. */
  dueAt(jobId: number): number {
    return this.#jobs.get(jobId)?.dueAt ?? 0;
  }

  /** The answer for a job that is not due yet; undefined for one that is. */
  running(jobId: number): Job | undefined {
    const held = this.#jobs.get(jobId);
    if (held === undefined || performance.now() >= held.dueAt) return undefined;
    const { points, boundingBox, ...job } = held.started;
    const prompt = { ...(points == null ? {} : { points }), ...(boundingBox == null ? {} : { boundingBox }) };
    return { ...job, prompt, status: "Running", startTime: job.startTime ?? job.createdTime };
  }

  /** The answer of the server for a job that is due. One that has ended did so at the earliest when its time was over. */
  ended(job: Job): Job {
    const held = this.#jobs.get(job.jobId);
    if (held === undefined || !isFinal(job.status) || job.createdTime == null) return job;
    const earliest = job.createdTime + Math.round(held.seconds * 1000);
    return { ...job, statusTime: Math.max(job.statusTime ?? 0, earliest) };
  }
}

function drawSeconds(given: NonNullable<Script["jobSeconds"]>): number {
  if (typeof given === "number") return given;
  return given.lognormal.median * Math.exp(given.lognormal.sigma * standardNormal());
}

/** A number of the standard normal distribution, by Box and Muller. */
function standardNormal(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
