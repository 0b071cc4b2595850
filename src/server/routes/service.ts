import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Engines } from "../../engine";
import type { JobService } from "../job-service";
import { openApiDocument } from "../openapi";
import { VERSION } from "../version";

/**
 * The routes about the server itself: health, the token's rights, the API's description.
 * `mayKnow` tells whether a request to an open route carries the token.
 */
export function serviceRoutes(
  app: FastifyInstance,
  jobs: JobService,
  engines: Engines,
  mayKnow: (request: FastifyRequest) => boolean,
): void {
  // Open, so that a monitor needs no token. The reason has paths of this machine, which are no stranger's business.
  app.get("/health", { config: { open: true } }, (request) => {
    const { name, version } = engines.auto;
    const { ready, reason, backend } = engines.auto.health();
    return {
      status: ready ? "ok" : "degraded",
      version: VERSION,
      // What a job would get now that asks for no engine.
      engine: { name, version, ...backend, ready, reason: mayKnow(request) ? reason : undefined },
      jobs: jobs.counts(),
      // Of this process, in bytes; the engine's workers are processes of their own.
      memory: { rss: process.memoryUsage.rss() },
    };
  });

  app.get("/openapi.json", { config: { open: true } }, () => openApiDocument());

  app.get("/api/v1/token/inspect", () => ({
    subject: "segment-server",
    projects: [{ projectUrlName: "default", groups: [] }],
    capabilities: [{ projectScope: { allProjects: {} }, filesAcl: { actions: ["READ", "WRITE"], scope: { all: {} } } }],
  }));
}
