import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import {
  BYIDS_EXTENSION,
  CANDIDATES_HEADER,
  errorText,
  jobsByIdsSchema,
  MAX_CANDIDATES,
  segmentRequestSchema,
  type Job,
  type Jobs,
  type StartedJob,
} from "../../api";
import { isUnreadable } from "../../store";
import { jobAnswer, startedJobAnswer } from "../answers";
import { HttpError, parsePart } from "../http-error";
import type { JobService } from "../job-service";
import { connectionEnd, preferredWait } from "../prefer";

const pathSchema = z.object({ jobId: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER) });

const MOST_ENDED = 50;
const ENGINE_HEADER = "x-segment-engine";
const headersSchema = z.looseObject({
  [CANDIDATES_HEADER]: z.coerce.number().int().min(1).max(MAX_CANDIDATES).optional(),
  [ENGINE_HEADER]: z.string().optional(),
});

/** The routes of jobs. `:project` may be any name: a server has one set of jobs and files. */
export function segmentRoutes(app: FastifyInstance, jobs: JobService): void {
  const path = "/api/v1/projects/:project/context/vision/segment";

  app.post(path, async (request, reply): Promise<StartedJob> => {
    const headers = parsePart(headersSchema, request.headers, "headers");
    const job = await jobs.start(parsePart(segmentRequestSchema, request.body, "body"), {
      idempotencyKey: idempotencyKey(request),
      candidates: headers[CANDIDATES_HEADER],
      engine: headers[ENGINE_HEADER],
    });
    reply.header("x-segment-extensions", BYIDS_EXTENSION);
    return startedJobAnswer(job);
  });

  app.get(`${path}/:jobId`, async (request, reply): Promise<Job> => {
    const { jobId } = parsePart(pathSchema, request.params, "path");
    await jobs.waitForAny([jobId], preferredWait(request, reply), connectionEnd(reply));
    const job = await answerFor(jobId, jobs);
    if (job === undefined) throw new HttpError(404, `Job ${jobId} does not exist on this server`);
    return job;
  });

  app.post(`${path}/${BYIDS_EXTENSION}`, async (request, reply): Promise<Jobs> => {
    const { jobIds } = parsePart(jobsByIdsSchema, request.body, "body");
    const waitMs = preferredWait(request, reply);
    await jobs.waitForAny(jobIds, waitMs, connectionEnd(reply));
    reply.header("x-segment-extensions", BYIDS_EXTENSION);
    const told = toldOf(jobIds, jobs, waitMs > 0);
    const found = await Promise.all(told.map((jobId) => answerFor(jobId, jobs)));
    return {
      items: found.filter((job) => job !== undefined),
      unknownJobIds: told.filter((_, index) => found[index] === undefined),
    };
  });
}

/** What is told of a job. One whose record can't be read has failed: who asks for many jobs shall get the others. */
async function answerFor(jobId: number, jobs: JobService): Promise<Job | undefined> {
  try {
    const job = await jobs.get(jobId);
    return job && jobAnswer(job);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return { jobId, status: "Failed", errorMessage: `The server can't read the job's record: ${errorText(error)}` };
  }
}

/**
 * The jobs that an answer tells of. Of those that have ended it has the first 50, as results are large; and when it was
 * held until any of them ended, it says no word of the unfinished: a client that waits for a thousand jobs would else
 * get a thousand again and again. It asks anew for all that the answer did not tell of.
 */
function toldOf(jobIds: readonly number[], jobs: JobService, isHeld: boolean): number[] {
  const ended = jobIds.filter((jobId) => !jobs.isUnfinished(jobId)).slice(0, MOST_ENDED);
  if (isHeld && ended.length > 0) return ended;
  const told = new Set(ended);
  return jobIds.filter((jobId) => told.has(jobId) || jobs.isUnfinished(jobId));
}

function idempotencyKey(request: FastifyRequest): string | undefined {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key !== "string" || key.length === 0 || key.length > 255) {
    throw new HttpError(400, "The header Idempotency-Key must have 1 to 255 characters");
  }
  return key;
}
