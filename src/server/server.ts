import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { createEngines, type EngineOptions } from "../engine";
import { buildApp, type AppParts } from "./app";
import { FileStore } from "./file-store";
import { Janitor } from "./janitor";
import { JobStore } from "./job-store";
import { JobService } from "./job-service";
import { listenUrl } from "./listen-url";
import { takeLock } from "./lock";
import type { Log } from "./log";
import { LOOPBACK } from "./access";
import { UrlSigner } from "./url-signer";

const LOCK_PATIENCE_MS = 10_000;
const CLOSE_PATIENCE_MS = 5_000;
const MAX_QUEUED = 1000;

/** Options for tests. The command line sets none of them. @internal */
export interface TestSeams {
  /** Jobs that may be queued at once (1000). Beyond that, POST gets a 429 response. */
  maxQueued?: number;
  /** How long to wait for another server to release the data directory, in ms (10,000). */
  lockPatienceMs?: number;
  /** Receives the app before its routes are added. */
  prepareApp?: (app: FastifyInstance) => void;
}

export interface ServerOptions extends TestSeams {
  /** Address to listen on. */
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** Bearer token that requests must carry. Without one, the server accepts every request. */
  token?: string;
  /** Folder for jobs, files and pictures. It is created if missing. Only one server at a time can use it. */
  dataDir: string;
  engine: EngineOptions["engine"];
  /** Engine workers: jobs that run at once. */
  workers: number;
  /** Ended jobs and files older than this many hours are removed. */
  keepHours: number;
  /** The oldest files are removed while all pictures together exceed this. Embeddings may use the rest. */
  keepMegabytes: number;
  /** Paths of SAM's encoder and decoder, if they are not in the default location. */
  encoder?: string;
  decoder?: string;
  /** Execution providers of the sam engine, in order of preference. The CPU is the default and the last resort. */
  samProviders?: EngineOptions["providers"];
  /** More folders whose node_modules the engine searches for its packages. */
  searchFolders?: string[];
  /** Serve only requests whose `Host` is this machine's loopback. Always so on the loopback without a token. */
  checkHost?: boolean;
  log: Log;
}

/** A server that is listening. */
export interface RunningServer {
  url: string;
  /** Stops accepting requests, puts running jobs back in the queue for the next start, and releases the data directory. */
  close(): Promise<void>;
}

/** Cleanup steps, run in reverse order. */
type Closers = (() => Promise<void> | void)[];

/**
 * Starts a segment server and runs the jobs that the previous process left unfinished.
 * @throws {SegmentError} `not-available` when another server uses the data directory
 * @throws {Error} when the server can't listen on the address or can't use the data directory
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const closers: Closers = [];
  try {
    await lockDataDir(options, closers);
    const stores = await openStores(options);
    const service = startService(stores, options, closers);
    const app = await createApp(service, options, closers);
    await app.listen({ host: options.host, port: options.port });

    const resumed = service.jobs.resume();
    if (resumed > 0) options.log(`${resumed} unfinished jobs run again`);
    void service.janitor.tidy();
    return { url: listenUrl(app.server), close: () => closeAll(closers) };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function closeAll(closers: Closers): Promise<void> {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
}

async function lockDataDir({ dataDir, lockPatienceMs }: ServerOptions, closers: Closers): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const lock = await takeLock(dataDir, lockPatienceMs ?? LOCK_PATIENCE_MS);
  closers.push(() => lock.release());
}

interface Stores {
  files: FileStore;
  jobStore: JobStore;
}

async function openStores({ dataDir, log }: ServerOptions): Promise<Stores> {
  const files = await FileStore.open(join(dataDir, "files"), join(dataDir, "pictures"));
  const jobStore = await JobStore.open(join(dataDir, "jobs"));
  const damaged = files.setAside + jobStore.setAside;
  if (damaged > 0) log(`${damaged} damaged or temporary files in ${dataDir} were moved into its folders "damaged"`);
  return { files, jobStore };
}

type Service = Pick<AppParts, "files" | "jobs" | "janitor" | "engines">;

/** Creates the parts that do the work behind the routes. */
function startService({ files, jobStore }: Stores, options: ServerOptions, closers: Closers): Service {
  const { dataDir, log, maxQueued = MAX_QUEUED } = options;
  const embeddingDir = join(dataDir, "embeddings");
  const engines = createEngines({
    engine: options.engine,
    workers: options.workers,
    dataDir,
    encoder: options.encoder,
    decoder: options.decoder,
    searchFolders: options.searchFolders,
    providers: options.samProviders,
    embeddingDir,
    log,
  });
  const jobs = new JobService(jobStore, files, engines, { maxQueued, log });
  closers.push(() => jobs.idle());
  closers.push(() => engines.auto.close());
  const janitor = new Janitor(jobStore, files, jobs, embeddingDir, options, log);
  closers.push(() => janitor.close());
  return { files, jobs, janitor, engines };
}

async function createApp(service: Service, options: ServerOptions, closers: Closers): Promise<FastifyInstance> {
  const { dataDir, host, log, prepareApp, token } = options;
  const temporaryDir = await mkdtemp(join(tmpdir(), "segment-server-pictures-"));
  closers.push(() => rm(temporaryDir, { recursive: true, force: true }));
  const app = buildApp({
    ...service,
    token,
    // A token also keeps web pages out. Without one, the check of the Host header must.
    checkHost: options.checkHost ?? (token === undefined && LOOPBACK.includes(host)),
    log,
    signer: await UrlSigner.open(join(dataDir, "link-key")),
    temporaryDir,
    prepareApp,
  });
  closers.push(() => closeApp(app));
  closers.push(() => service.jobs.stop());
  return app;
}

/** Stops accepting requests, and cuts the connections that are still open after 5 s. */
async function closeApp(app: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_PATIENCE_MS);
  await app.close();
  clearTimeout(cut);
}
