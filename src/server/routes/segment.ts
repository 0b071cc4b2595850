import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import {
  BYIDS_EXTENSION,
  jobsByIdsSchema,
  segmentRequestSchema,
  type Job,
  type Jobs,
  type StartedJob,
} from "../../api";
import { jobAnswer, startedJobAnswer } from "../answers";
import { HttpError, parsePart } from "../http-error";
import type { JobService } from "../job-service";
import { connectionEnd, preferredWait } from "../prefer";

const pathSchema = z.object({ jobId: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER) });

const MOST_ENDED = 50;
const CANDIDATES_HEADER = "x-segment-candidates";
const ENGINE_HEADER = "x-segment-engine";
const headersSchema = z.looseObject({
  [CANDIDATES_HEADER]: z.coerce.number().int().min(1).max(4).optional(),
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
    const job = await jobs.get(jobId);
    if (job === undefined) throw new HttpError(404, `Job ${jobId} does not exist on this server`);
    return jobAnswer(job);
  });

  // Of the jobs that have ended, an answer has the first 50 that were asked for. The others are in neither list: the
  // client asks for them again, without those that it has got.
  app.post(`${path}/${BYIDS_EXTENSION}`, async (request, reply): Promise<Jobs> => {
    const { jobIds } = parsePart(jobsByIdsSchema, request.body, "body");
    await jobs.waitForAny(jobIds, preferredWait(request, reply), connectionEnd(reply));
    reply.header("x-segment-extensions", BYIDS_EXTENSION);
    const asked = firstEnded(jobIds, jobs);
    const found = await Promise.all(asked.map((jobId) => jobs.get(jobId)));
    return {
      items: found.flatMap((job) => (job === undefined ? [] : jobAnswer(job))),
      unknownJobIds: asked.filter((_, index) => found[index] === undefined),
    };
  });
}

/** The ids without those of ended or unknown jobs beyond the limit of one answer: results are large. */
function firstEnded(jobIds: readonly number[], jobs: JobService): number[] {
  let ended = 0;
  return jobIds.filter((jobId) => jobs.isUnfinished(jobId) || (ended += 1) <= MOST_ENDED);
}

function idempotencyKey(request: FastifyRequest): string | undefined {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key !== "string" || key.length === 0 || key.length > 255) {
    throw new HttpError(400, "The header Idempotency-Key must have 1 to 255 characters");
  }
  return key;
}
