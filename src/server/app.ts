import { randomUUID } from "node:crypto";
import fastify, { type FastifyInstance } from "fastify";
import type { Engines } from "../engine";
import { carriesToken, requireLoopbackHost, requireToken } from "./access";
import { refuseBrokenRequest, sendError, installErrorResponses } from "./error-responses";
import type { FileStore } from "./file-store";
import { acceptGzip } from "./gzip";
import type { Janitor } from "./janitor";
import type { JobService } from "./job-service";
import type { Log } from "./log";
import { collectOpenApi } from "./openapi";
import { drawRoutes } from "./routes/draw";
import { fileRoutes } from "./routes/files";
import { linkRoutes } from "./routes/links";
import { segmentRoutes } from "./routes/segment";
import { serviceRoutes } from "./routes/service";
import type { UrlSigner } from "./url-signer";

const MAX_JSON_BYTES = 1024 * 1024;
const REQUEST_TIMEOUT_MS = 300_000;

/** What the routes work with. */
export interface AppParts {
  files: FileStore;
  jobs: JobService;
  janitor: Janitor;
  engines: Engines;
  signer: UrlSigner;
  temporaryDir: string;
  log: Log;
  /** Without a token, every request passes. */
  token?: string;
  /** Receives the app before its routes are added. For tests. @internal */
  prepareApp?: (app: FastifyInstance) => void;
  /** Serve only requests whose `Host` is this machine's loopback. */
  checkHost?: boolean;
}

/** Builds the HTTP side of the server: its routes, and the checks that all routes share. */
export function buildApp(parts: AppParts): FastifyInstance {
  const app = fastify({
    bodyLimit: MAX_JSON_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    // Only for the address in links, which only authorised clients receive: behind a proxy, it is the proxy's address.
    trustProxy: true,
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true },
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply, parts.log),
    clientErrorHandler: refuseBrokenRequest,
  });
  installErrorResponses(app, parts.log);
  if (parts.checkHost === true) requireLoopbackHost(app);
  if (parts.token !== undefined) requireToken(app, parts.token);
  acceptGzip(app);
  const openApi = collectOpenApi(app);
  parts.prepareApp?.(app);
  segmentRoutes(app, parts.jobs);
  fileRoutes(app, parts.files, parts.janitor, parts.signer);
  serviceRoutes(app, parts.jobs, parts.engines, (request) => carriesToken(request, parts.token), openApi);
  drawRoutes(app, parts.files, parts.temporaryDir);
  app.register(linkRoutes(parts.files, parts.janitor, parts.signer));
  return app;
}
