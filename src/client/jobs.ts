import { randomUUID } from "node:crypto";
import {
  BYIDS_EXTENSION,
  CANDIDATES_HEADER,
  jobSchema,
  jobsSchema,
  preview,
  SegmentError,
  startedJobSchema,
  type Job,
  type Jobs,
  type SegmentRequest,
  type StartedJob,
} from "../api";
import type { Call, JsonResponse, ServiceHttp } from "./http";
import { retryAfterMs } from "./retry";

/** What an answer tells of the service beside its body. */
export interface Hints {
  /** Whether the service offers to look at many jobs at once. Only answers to a started job say so for certain. */
  byids: boolean;
  /** Whether it held the answer back as it was asked to. */
  held: boolean;
  /** How long (ms) to wait before the next look, where the service says so. */
  retryAfterMs: number | undefined;
}

type LookOptions = Pick<Call, "signal" | "lane" | "holdSeconds" | "onPause">;

/** How a job is started. */
export interface StartOptions {
  /** Of a request that comes again the service may know the first by it; a random one by default. */
  idempotencyKey?: string;
  /** How many segments that differ may be returned, 1 (the default) to 4. Only our server returns more than one. */
  candidates?: number;
  signal?: AbortSignal;
}

/** The job routes of the contract. */
export class JobRoutes {
  readonly #http: ServiceHttp;
  readonly #path: string;

  constructor(http: ServiceHttp, project: string) {
    this.#http = http;
    this.#path = `/api/v1/projects/${encodeURIComponent(project)}/context/vision/segment`;
  }

  /** Starts a job. Our server gives the first job back when a request with the same key comes again. */
  async start(
    request: SegmentRequest,
    { idempotencyKey = randomUUID(), candidates = 1, signal }: StartOptions,
  ): Promise<{ job: StartedJob; hints: Hints }> {
    const [file] = request.items;
    const answer = await this.#http.json(startedJobSchema, {
      method: "POST",
      to: { path: this.#path },
      body: request,
      headers: {
        "idempotency-key": idempotencyKey,
        ...(candidates > 1 ? { [CANDIDATES_HEADER]: String(candidates) } : {}),
      },
      purpose: "startJob",
      doing: `start a job for the file ${preview(file)}`,
      missingAdvice:
        "fileExternalId" in file && /^\d+$/.test(file.fileExternalId)
          ? "The text was taken as an external id: for a file id send a number."
          : undefined,
      signal,
    });
    return { job: answer.data, hints: hintsOf(answer) };
  }

  /** Asks for a job without a file. No service starts one; how it refuses tells whether it would start others. */
  async probe({ signal }: { signal?: AbortSignal }): Promise<void> {
    await this.#http.bytes({
      method: "POST",
      to: { path: this.#path },
      body: {},
      purpose: "startJob",
      doing: "start a job",
      signal,
    });
  }

  /** Looks at one job. */
  async poll(jobId: number, options: LookOptions): Promise<{ job: Job; hints: Hints }> {
    const answer = await this.#http.json(jobSchema, {
      method: "GET",
      to: { path: `${this.#path}/${jobId}` },
      headers: preferHeader(options.holdSeconds),
      purpose: "getJob",
      doing: `look at job ${jobId}`,
      ...options,
    });
    if (answer.data.jobId !== jobId) {
      throw new SegmentError("bad-answer", `The service was asked for job ${jobId} and answered ${answer.data.jobId}.`);
    }
    return { job: answer.data, hints: hintsOf(answer) };
  }

  /** Looks at up to 1000 jobs by the server's extension. The answer is held until one of them has ended. */
  async pollMany(jobIds: number[], options: LookOptions): Promise<{ jobs: Jobs; hints: Hints }> {
    const answer = await this.#http.json(jobsSchema, {
      method: "POST",
      to: { path: `${this.#path}/byids` },
      body: { jobIds },
      headers: preferHeader(options.holdSeconds),
      purpose: "other",
      doing: `look at ${jobIds.length} jobs`,
      ...options,
    });
    return { jobs: answer.data, hints: hintsOf(answer) };
  }
}

function preferHeader(holdSeconds: number | undefined): Record<string, string> {
  return holdSeconds === undefined ? {} : { prefer: `wait=${holdSeconds}` };
}

function hintsOf({ headers }: JsonResponse<unknown>): Hints {
  return {
    byids: namesOf(headers["x-segment-extensions"]).includes(BYIDS_EXTENSION),
    held: namesOf(headers["preference-applied"]).includes("wait"),
    retryAfterMs: retryAfterMs(headers),
  };
}

/** The names in a header such as `wait=20, respond-async`. */
function namesOf(header = ""): string[] {
  return header.split(",").map((part) =>
    part
      .replace(/[=;].*/, "")
      .trim()
      .toLowerCase(),
  );
}

/** How long an ended job took, in milliseconds by the service's clock; what it did not say is missing. */
export interface JobTimings {
  queuedMs?: number;
  runningMs?: number;
  totalMs?: number;
}

/** Works out the timings of a job that has ended. */
export function jobTimings(job: Pick<Job, "createdTime" | "startTime" | "statusTime">): JobTimings {
  const timings = {
    queuedMs: elapsed(job.createdTime, job.startTime),
    runningMs: elapsed(job.startTime, job.statusTime),
    totalMs: elapsed(job.createdTime, job.statusTime),
  };
  return Object.fromEntries(Object.entries(timings).filter(([, ms]) => ms !== undefined));
}

function elapsed(from: number | null | undefined, to: number | null | undefined): number | undefined {
  return from == null || to == null ? undefined : Math.max(0, to - from);
}

/**
 * Why a job that has ended counts as failed: a `job-failed` error; undefined for a result, also for an empty one.
 * A job that is `Completed` but has only failed items has failed.
 */
export function jobFailure(job: Job): SegmentError | undefined {
  const failed = job.failedItems ?? [];
  const onlyFailures = failed.length > 0 && (job.items ?? []).length === 0;
  if (job.status !== "Failed" && !onlyFailures) return undefined;
  const reason = [job.errorMessage, ...failed.map((item) => item.errorMessage)].find((text) => text != null);
  return new SegmentError("job-failed", `Job ${job.jobId} failed: ${reason ?? "the service gave no reason"}`);
}
