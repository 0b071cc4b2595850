import { z } from "zod";
import {
  CANDIDATES_HEADER,
  createdFileSchema,
  createFileSchema,
  downloadLinksRequestSchema,
  downloadLinksSchema,
  drawRequestSchema,
  ENGINE_NAMES,
  errorBodySchema,
  fileRecordsSchema,
  filesByIdsSchema,
  jobsByIdsSchema,
  jobSchema,
  jobsSchema,
  MAX_CANDIDATES,
  segmentRequestSchema,
  startedJobSchema,
} from "../api";
import { VERSION } from "./version";

const PROJECT = { name: "project", in: "path", required: true, schema: { type: "string" } };
const JOB_ID = { name: "jobId", in: "path", required: true, schema: { type: "integer" } };
const OVERWRITE = { name: "overwrite", in: "query", schema: { type: "boolean" } };
const PREFER = { name: "Prefer", in: "header", schema: { type: "string" }, example: "wait=30" };
const IDEMPOTENCY_KEY = { name: "Idempotency-Key", in: "header", schema: { type: "string", maxLength: 255 } };

const CANDIDATES = {
  name: CANDIDATES_HEADER,
  in: "header",
  description: "How many segments that differ may be returned, best first",
  schema: { type: "integer", minimum: 1, maximum: MAX_CANDIDATES, default: 1 },
};

const ENGINE = {
  name: "x-segment-engine",
  in: "header",
  description:
    "The engine that is to do the job. One that the server does not have, or that can't work, is answered 400",
  schema: { type: "string", enum: ENGINE_NAMES, default: ENGINE_NAMES[0] },
};

const SEGMENT = "/api/v1/projects/{project}/context/vision/segment";
const FILES = "/api/v1/projects/{project}/files";

interface Operation {
  summary: string;
  parameters?: object[];
  body?: z.ZodType;
  answer?: z.ZodType;
  status?: number;
  open?: boolean;
}

/** The OpenAPI 3.1 description of the server, made of the schemas that check its requests and describe its answers. */
export function openApiDocument(): object {
  return {
    openapi: "3.1.0",
    info: { title: "Segment server", version: VERSION },
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    paths: {
      [SEGMENT]: {
        post: operation({
          summary: "Start a job: one file, and points or a box",
          parameters: [PROJECT, IDEMPOTENCY_KEY, CANDIDATES, ENGINE],
          body: segmentRequestSchema,
          answer: startedJobSchema,
        }),
      },
      [`${SEGMENT}/{jobId}`]: {
        get: operation({ summary: "Get a job", parameters: [PROJECT, JOB_ID, PREFER], answer: jobSchema }),
      },
      [`${SEGMENT}/byids`]: {
        post: operation({
          summary: "Get many jobs, as soon as any of them has ended",
          parameters: [PROJECT, PREFER],
          body: jobsByIdsSchema,
          answer: jobsSchema,
        }),
      },
      [FILES]: {
        post: operation({
          summary: "Make a file and get the link to PUT its picture to",
          parameters: [PROJECT, OVERWRITE],
          body: createFileSchema,
          answer: createdFileSchema,
          status: 201,
        }),
      },
      [`${FILES}/byids`]: {
        post: operation({
          summary: "Get files",
          parameters: [PROJECT],
          body: filesByIdsSchema,
          answer: fileRecordsSchema,
        }),
      },
      [`${FILES}/downloadlink`]: {
        post: operation({
          summary: "Get links to files' pictures that work for 30 s",
          parameters: [PROJECT],
          body: downloadLinksRequestSchema,
          answer: downloadLinksSchema,
        }),
      },
      [`${FILES}/delete`]: {
        post: operation({ summary: "Delete files", parameters: [PROJECT], body: filesByIdsSchema }),
      },
      "/draw": { post: drawOperation() },
      "/api/v1/token/inspect": { get: operation({ summary: "What the token may do" }) },
      "/health": { get: operation({ summary: "State of the server and its engine", open: true }) },
    },
  };
}

function operation({ summary, parameters, body, answer = z.looseObject({}), status = 200, open }: Operation): object {
  return {
    summary,
    parameters,
    ...(open === true && { security: [] }),
    ...(body !== undefined && { requestBody: { required: true, content: json(body, "input") } }),
    responses: {
      [status]: { description: "Done", content: json(answer, "output") },
      default: { description: "Error", content: json(errorBodySchema, "output") },
    },
  };
}

function drawOperation(): object {
  const picture = { schema: { type: "string", format: "binary" } };
  const draw = operation({
    summary: "Draw segments and prompts over a picture, or their mask",
    body: drawRequestSchema,
  });
  return {
    ...draw,
    responses: { 200: { description: "The picture", content: { "image/jpeg": picture, "image/png": picture } } },
  };
}

function json(schema: z.ZodType, io: "input" | "output"): object {
  return { "application/json": { schema: z.toJSONSchema(schema, { io }) } };
}
