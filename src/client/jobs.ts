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

/** What the headers of a response reveal of the service. */
export interface Hints {
  /** Whether the service offers one request for many jobs. Only the response to a started job is reliable. */
  byids: boolean;
  /** Whether the service has held the response, as requested. */
  held: boolean;
  /** How long (ms) to wait before the next poll; undefined when the service does not say. */
  retryAfterMs: number | undefined;
}

type PollOptions = Pick<Call, "signal" | "lane" | "holdSeconds" | "onPause">;

/** How a job is started. */
export interface StartOptions {
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

  /** Starts a job. Our server responds to a repeat of the request with the same job: repeats have the same key. */
  async start(
    request: SegmentRequest,
    { candidates = 1, signal }: StartOptions,
  ): Promise<{ job: StartedJob; hints: Hints }> {
    const [file] = request.items;
    const response = await this.#http.json(startedJobSchema, {
      method: "POST",
      to: { path: this.#path },
      body: request,
      headers: {
        "idempotency-key": randomUUID(),
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
    return { job: response.data, hints: hintsOf(response) };
  }

  /** Sends a request without a file. No service starts a job for it; the way of refusal shows whether it starts others. */
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

  /** Gets one job. */
  async poll(jobId: number, options: PollOptions): Promise<{ job: Job; hints: Hints }> {
    const response = await this.#http.json(jobSchema, {
      method: "GET",
      to: { path: `${this.#path}/${jobId}` },
      headers: preferHeader(options.holdSeconds),
      purpose: "getJob",
      doing: `get job ${jobId}`,
      ...options,
    });
    if (response.data.jobId !== jobId) {
      throw new SegmentError(
        "bad-answer",
        `The service was asked for job ${jobId} and answered ${response.data.jobId}.`,
      );
    }
    return { job: response.data, hints: hintsOf(response) };
  }

  /** Gets up to 1000 jobs by the server's extension, which holds the response until one of them has ended. */
  async pollMany(jobIds: number[], options: PollOptions): Promise<{ jobs: Jobs; hints: Hints }> {
    const response = await this.#http.json(jobsSchema, {
      method: "POST",
      to: { path: `${this.#path}/byids` },
      body: { jobIds },
      headers: preferHeader(options.holdSeconds),
      purpose: "other",
      doing: `get ${jobIds.length} jobs`,
      ...options,
    });
    return { jobs: response.data, hints: hintsOf(response) };
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

/** How long an ended job took, in milliseconds by the service's clock, as far as the service reports it. */
export interface JobTimings {
  queuedMs?: number;
  runningMs?: number;
  totalMs?: number;
}

/** Computes the timings of a job that has ended. */
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
