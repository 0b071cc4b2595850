import { setTimeout as sleep } from "node:timers/promises";
import { isFinal, type Job } from "../../src/api";
import { successorOf } from "../service/service-of-job";

/** Nothing may be heard of a job for this long (ms), or a fifth of its age, before it is asked for. */
const FIRST_QUIET_MS = 500;
const QUIET_MS = 2000;

/**
 * Tells each change of a job's state but its end. A server that holds its answer back until a job has ended tells nothing
 * meanwhile: then the job is looked at by itself now and again.
 * @param signal ends that
 * @returns hears the answers that others got about the job
 */
export function watchStates(
  service: string,
  jobId: number,
  signal: AbortSignal,
  onState: (job: Job) => void,
): (job: Job) => void {
  let status: string | undefined;
  let heardAt = performance.now();
  const hear = (job: Job): void => {
    heardAt = performance.now();
    if (job.status === status) return;
    status = job.status;
    if (!isFinal(status)) onState(job);
  };
  const since = performance.now();
  const look = async (): Promise<void> => {
    let quiet = FIRST_QUIET_MS;
    for (;;) {
      await sleep(heardAt + quiet - performance.now(), undefined, { signal, ref: false });
      if (performance.now() < heardAt + quiet) continue;
      const job = await lookOnce(service, jobId, signal);
      if (signal.aborted) return;
      if (job === undefined) heardAt = performance.now();
      else hear(job);
      quiet = Math.max(QUIET_MS, (performance.now() - since) / 5);
    }
  };
  look().catch(() => undefined); // aborted
  return hear;
}

/** Undefined when the service can't be asked now: the wait itself tells why. */
async function lookOnce(service: string, jobId: number, signal: AbortSignal): Promise<Job | undefined> {
  try {
    return await (await (await successorOf(service, signal)).client()).getJob(jobId, { signal });
  } catch {
    return undefined;
  }
}
