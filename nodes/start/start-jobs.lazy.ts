import { MAX_CANDIDATES, preview, SegmentError, type StartedJob } from "../../src/api";
import { LONGEST_JOB_MS, type SegmentClient } from "../../src/client";
import type { PlannedJob } from "../../src/prompt";
import type { ServiceRef } from "../service/connection";
import { TimeLimit } from "../service/time-limit";
import { waitForJob } from "../service/wait-for-job.lazy";

/** A planned job that was started. */
export interface StartedPlan {
  plan: PlannedJob;
  jobId: number;
  /** The service's response to the request. */
  response: StartedJob;
}

/**
 * Posts all jobs, in their order, as many at once as the client has requests for. After a failure no further job is
 * posted.
 * @param options `candidates`: how many segments each job may find, 1 to 4
 * @throws the first failure; its message names the jobs that were started
 */
export async function startJobs(
  client: SegmentClient,
  jobs: PlannedJob[],
  options: { candidates?: number; signal: AbortSignal },
): Promise<StartedPlan[]> {
  const started: StartedPlan[] = [];
  const failures: unknown[] = [];
  const waiting = jobs.entries();
  const postNext = async (): Promise<void> => {
    for (const [index, plan] of waiting) {
      try {
        const response = await client.startJob(plan.request, options);
        started[index] = { plan, jobId: response.jobId, response };
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(client.concurrency, jobs.length) }, postNext));
  if (failures.length > 0) throw withStartedJobs(failures[0], started);
  return started;
}

/**
 * Reads how many segments a job may find; 1 in flows that were saved before the field existed.
 * @throws {SegmentError} `no-config`
 */
export function readCandidates(value: string | number | undefined): number {
  const count = value === undefined || value === "" ? 1 : Number(value);
  if (Number.isInteger(count) && count >= 1 && count <= MAX_CANDIDATES) return count;
  throw new SegmentError(
    "no-config",
    `The candidates must be a whole number from 1 to ${MAX_CANDIDATES} (got ${preview(value)})`,
  );
}

/** Resolves when all jobs have ended or can't be asked for any more, and after 10 minutes at the latest. Never rejects. */
export async function whenEnded(service: ServiceRef, jobIds: number[], signal: AbortSignal): Promise<void> {
  const options = { limit: new TimeLimit(LONGEST_JOB_MS), signal, isCounted: false };
  await Promise.allSettled(jobIds.map((jobId) => waitForJob(service, jobId, options)));
}

function withStartedJobs(failure: unknown, started: StartedPlan[]): unknown {
  const jobIds = Object.values(started).map(({ jobId }) => jobId); // without the gaps of jobs that were not started
  if (!(failure instanceof SegmentError) || jobIds.length === 0) return failure;
  return failure.adding(`Jobs already started: ${jobIds.join(", ")}.`);
}
