import type { FastifyInstance } from "fastify";
import type { Engine } from "../../engine";
import type { JobService } from "../job-service";
import { openApiDocument } from "../openapi";
import { VERSION } from "../version";

/** The routes about the server itself: health, the token's rights, the API's description. */
export function serviceRoutes(app: FastifyInstance, jobs: JobService, engine: Engine): void {
  // Open, so that a monitor needs no token: it tells no content and no secret.
  app.get("/health", { config: { open: true } }, () => {
    const { ready, reason } = engine.health();
    return {
      status: ready ? "ok" : "degraded",
      version: VERSION,
      engine: { name: engine.name, version: engine.version, ready, reason },
      jobs: jobs.counts(),
    };
  });

  app.get("/openapi.json", { config: { open: true } }, () => openApiDocument());

  app.get("/api/v1/token/inspect", () => ({
    subject: "segment-server",
    projects: [{ projectUrlName: "default", groups: [] }],
    capabilities: [{ projectScope: { allProjects: {} }, filesAcl: { actions: ["READ", "WRITE"], scope: { all: {} } } }],
  }));
}
