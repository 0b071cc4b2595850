import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Engines } from "../../engine";
import type { JobService } from "../job-service";
import { addRoute } from "../route";
import { VERSION } from "../version";

const engineSchema = z.object({
  name: z.string(),
  version: z.string(),
  runtime: z.string().optional(),
  provider: z.string().optional(),
  /** Whether a job can succeed now. */
  ready: z.boolean(),
  /** What is missing. It holds paths of this machine, so only authenticated callers receive it. */
  reason: z.string().optional(),
});
const healthSchema = z.object({
  status: z.enum(["ok", "degraded"]),
  version: z.string(),
  engine: engineSchema.meta({ description: "The engine of a job that does not name one" }),
  jobs: z.object({ queued: z.number(), running: z.number() }),
  memory: z
    .object({ rss: z.number() })
    .meta({ description: "Memory of the server process in bytes, without its workers" }),
});
const tokenInspectionSchema = z.object({
  subject: z.string(),
  projects: z.array(z.object({ projectUrlName: z.string(), groups: z.array(z.number()) })),
  capabilities: z.array(z.looseObject({})),
});

/**
 * The routes of the server itself: its health, the permissions of the token, the OpenAPI document.
 * @param isAuthorized whether a request to an open route carries the token
 * @param openApi creates the OpenAPI document
 */
export function serviceRoutes(
  app: FastifyInstance,
  jobs: JobService,
  engines: Engines,
  isAuthorized: (request: FastifyRequest) => boolean,
  openApi: () => object,
): void {
  addRoute(app, {
    method: "GET",
    url: "/health",
    open: true, // a monitor needs no token
    operation: { summary: "State of the server and its engine", response: healthSchema },
    handler: (_input, request) => {
      const { name, version } = engines.auto;
      const { ready, reason, backend } = engines.auto.health();
      return {
        status: ready ? ("ok" as const) : ("degraded" as const),
        version: VERSION,
        engine: { name, version, ...backend, ready, reason: isAuthorized(request) ? reason : undefined },
        jobs: jobs.counts(),
        memory: { rss: process.memoryUsage.rss() },
      };
    },
  });

  addRoute(app, {
    method: "GET",
    url: "/openapi.json",
    open: true,
    operation: { summary: "This document", response: z.looseObject({}) },
    handler: () => ({ ...openApi() }),
  });

  addRoute(app, {
    method: "GET",
    url: "/api/v1/token/inspect",
    operation: { summary: "What the token may do", response: tokenInspectionSchema },
    handler: () => ({
      subject: "segment-server",
      projects: [{ projectUrlName: "default", groups: [] }],
      capabilities: [
        { projectScope: { allProjects: {} }, filesAcl: { actions: ["READ", "WRITE"], scope: { all: {} } } },
      ],
    }),
  });
}
