import { MAX_CANDIDATES, preview, SegmentError, type StartedJob } from "../../src/api";
import { LONGEST_JOB_MS, type SegmentClient } from "../../src/client";
import type { PlannedJob } from "../../src/prompt";
import type { Connection } from "../service/connection";
import { TimeLimit } from "../service/time-limit";
import { waitForJob } from "../service/wait-for-job.lazy";

/** More at once would queue in the client: its default is the same. */
const PARALLEL = 8;

/** A job that was planned and what the service answered to it. */
export interface StartedPlan {
  job: PlannedJob;
  answer: StartedJob;
}

/**
 * Posts all jobs, in their order. After a failure no further one is posted.
 * @param options `candidates`: how many segments each may find, 1 to 4
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
    for (const [index, job] of waiting) {
      try {
        const answer = await client.startJob(job.request, options);
        started[index] = { job, answer };
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, jobs.length) }, postNext));
  if (failures.length > 0) throw withStartedJobs(failures[0], started);
  return started;
}

/**
 * Reads how many segments a job may find; flows from before there was a choice have one.
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

/** Resolves when all jobs have ended, nobody can tell any more, or after 10 minutes. Never rejects. */
export async function whenEnded(connection: Connection, jobIds: number[], signal: AbortSignal): Promise<void> {
  const options = { limit: new TimeLimit(LONGEST_JOB_MS), signal, isCounted: false };
  await Promise.allSettled(jobIds.map((jobId) => waitForJob(connection, jobId, options)));
}

function withStartedJobs(failure: unknown, started: StartedPlan[]): unknown {
  const jobIds = Object.values(started).map(({ answer }) => answer.jobId); // without the gaps of jobs not started
  if (!(failure instanceof SegmentError) || jobIds.length === 0) return failure;
  return failure.adding(`Jobs already started: ${jobIds.join(", ")}.`);
}
