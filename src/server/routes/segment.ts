import type { FastifyInstance } from "fastify";
import { z } from "zod";
import {
  BYIDS_EXTENSION,
  CANDIDATES_HEADER,
  ENGINE_NAMES,
  errorText,
  jobsByIdsSchema,
  jobSchema,
  jobsSchema,
  MAX_CANDIDATES,
  segmentRequestSchema,
  startedJobSchema,
  type Job,
} from "../../api";
import { isUnreadable } from "../../store";
import { jobResponse, startedJobResponse } from "../responses";
import { HttpError } from "../http-error";
import type { JobService } from "../job-service";
import { connectionEnd, preferHeader, preferredWait } from "../prefer";
import { addRoute } from "../route";

const PATH = "/api/v1/projects/:project/context/vision/segment";
const ENGINE_HEADER = "x-segment-engine";
/** The most ended jobs in one response, as results are large. */
const MAX_ENDED = 50;

const projectSchema = z.object({ project: z.string() });
const jobIdSchema = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const startHeadersSchema = z.object({
  "Idempotency-Key": z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({ description: "A repeated request with the same key gets the job of the first one" }),
  [CANDIDATES_HEADER]: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_CANDIDATES)
    .optional()
    .meta({ description: "How many segments that differ may be returned, best first", default: 1 }),
  [ENGINE_HEADER]: z.string().optional().meta({
    description: "The engine for the job. 400 for one that the server does not have, or that cannot work",
    enum: ENGINE_NAMES,
    default: ENGINE_NAMES[0],
  }),
});
const preferHeadersSchema = z.object({ Prefer: preferHeader });

/** The routes of jobs. `:project` may be any name: a server has one set of jobs and files. */
export function segmentRoutes(app: FastifyInstance, jobs: JobService): void {
  addStartRoute(app, jobs);
  addJobRoute(app, jobs);
  addJobsRoute(app, jobs);
}

function addStartRoute(app: FastifyInstance, jobs: JobService): void {
  addRoute(app, {
    method: "POST",
    url: PATH,
    operation: {
      summary: "Start a job: one file, and points or a box",
      params: projectSchema,
      headers: startHeadersSchema,
      body: segmentRequestSchema,
      response: startedJobSchema,
    },
    handler: async ({ headers, body }, _request, reply) => {
      const job = await jobs.start(body, {
        idempotencyKey: headers["Idempotency-Key"],
        candidates: headers[CANDIDATES_HEADER],
        engine: headers[ENGINE_HEADER],
      });
      reply.header("x-segment-extensions", BYIDS_EXTENSION);
      return startedJobResponse(job);
    },
  });
}

function addJobRoute(app: FastifyInstance, jobs: JobService): void {
  addRoute(app, {
    method: "GET",
    url: `${PATH}/:jobId`,
    operation: {
      summary: "Get a job",
      params: projectSchema.extend({ jobId: jobIdSchema }),
      headers: preferHeadersSchema,
      response: jobSchema,
    },
    handler: async ({ params: { jobId }, headers }, _request, reply) => {
      await jobs.waitForAny([jobId], preferredWait(headers.Prefer, reply), connectionEnd(reply));
      const job = await readJob(jobId, jobs);
      if (job === undefined) throw new HttpError(404, `Job ${jobId} does not exist on this server`);
      return job;
    },
  });
}

function addJobsRoute(app: FastifyInstance, jobs: JobService): void {
  addRoute(app, {
    method: "POST",
    url: `${PATH}/${BYIDS_EXTENSION}`,
    operation: {
      summary: "Get many jobs, as soon as any of them has ended",
      params: projectSchema,
      headers: preferHeadersSchema,
      body: jobsByIdsSchema,
      response: jobsSchema,
    },
    handler: async ({ headers, body: { jobIds } }, _request, reply) => {
      const waitMs = preferredWait(headers.Prefer, reply);
      await jobs.waitForAny(jobIds, waitMs, connectionEnd(reply));
      reply.header("x-segment-extensions", BYIDS_EXTENSION);
      const reported = reportedJobs(jobIds, jobs, waitMs > 0);
      const found = await Promise.all(reported.map((jobId) => readJob(jobId, jobs)));
      return {
        items: found.filter((job) => job !== undefined),
        unknownJobIds: reported.filter((_, index) => found[index] === undefined),
      };
    },
  });
}

/**
 * A job as it is sent to clients. An unreadable record is reported as Failed, so that a request for many jobs still
 * returns the others.
 */
async function readJob(jobId: number, jobs: JobService): Promise<Job | undefined> {
  try {
    const job = await jobs.get(jobId);
    return job && jobResponse(job);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return { jobId, status: "Failed", errorMessage: `The server can't read the job's record: ${errorText(error)}` };
  }
}

/**
 * The jobs that a response reports. It holds the first 50 of those that have ended. A response that was held until a job
 * ended leaves out the unfinished ones: otherwise a client that waits for a thousand jobs would receive a thousand each
 * time. The client asks again for all that the response left out.
 */
function reportedJobs(jobIds: readonly number[], jobs: JobService, isHeld: boolean): number[] {
  const ended = jobIds.filter((jobId) => !jobs.isUnfinished(jobId)).slice(0, MAX_ENDED);
  if (isHeld && ended.length > 0) return ended;
  const reported = new Set(ended);
  return jobIds.filter((jobId) => reported.has(jobId) || jobs.isUnfinished(jobId));
}
