import { setTimeout as sleep } from "node:timers/promises";
import { isFinal, type Job } from "../../src/api";
import { successorOf } from "../service/service-of-job";

/** A job is polled when there was no response about it for this long (ms), or for a fifth of its age. */
const FIRST_QUIET_MS = 500;
const QUIET_MS = 2000;

/**
 * Reports each change of a job's state except its end. A long poll returns only when a job has ended, so while there is
 * no other response about the job it is polled by itself now and then.
 * @param signal ends that
 * @returns takes the responses about the job that others got
 */
export function watchStates(
  service: string,
  jobId: number,
  signal: AbortSignal,
  onState: (job: Job) => void,
): (job: Job) => void {
  let status: string | undefined;
  let seenAt = performance.now();
  const see = (job: Job): void => {
    seenAt = performance.now();
    if (job.status === status) return;
    status = job.status;
    if (!isFinal(status)) onState(job);
  };
  const since = performance.now();
  const pollWhenQuiet = async (): Promise<void> => {
    let quiet = FIRST_QUIET_MS;
    for (;;) {
      await sleep(seenAt + quiet - performance.now(), undefined, { signal, ref: false });
      if (performance.now() < seenAt + quiet) continue;
      const job = await poll(service, jobId, signal);
      if (signal.aborted) return;
      if (job === undefined) seenAt = performance.now();
      else see(job);
      quiet = Math.max(QUIET_MS, (performance.now() - since) / 5);
    }
  };
  pollWhenQuiet().catch(() => undefined); // aborted
  return see;
}

/** Undefined when the service can't be asked now: the wait itself reports why. */
async function poll(service: string, jobId: number, signal: AbortSignal): Promise<Job | undefined> {
  try {
    return await (await (await successorOf(service, signal)).client()).getJob(jobId, { signal });
  } catch {
    return undefined;
  }
}
