import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { createEngines, type EngineOptions } from "../engine";
import { buildApp } from "./app";
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

export interface ServerOptions {
  /** Address to listen on. */
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** Bearer token that requests must carry. Without one, every request passes. */
  token?: string;
  /** Folder of jobs, files and pictures; made if it is missing. One server at a time uses it. */
  dataDir: string;
  engine: EngineOptions["engine"];
  /** Engine workers: jobs that run at once. */
  workers: number;
  /** Ended jobs and files older than this are removed. */
  keepHours: number;
  /** The oldest files are removed while all pictures take more than this. Embeddings may take the rest. */
  keepMegabytes: number;
  /** Paths of SAM's encoder and decoder, when they are not where the engine looks. */
  encoder?: string;
  decoder?: string;
  /** What the sam engine computes on, in the order of preference; the processor by default and in the last place. */
  samProviders?: EngineOptions["providers"];
  /** Further folders in whose node_modules the engine looks for its parts. */
  searchFolders?: string[];
  /** Answer only to requests whose `Host` is this machine's loopback. Done anyway on the loopback without a token. */
  checkHost?: boolean;
  /** Jobs that may wait at once (1000): beyond it, POST is answered 429. */
  maxQueued?: number;
  /** How long to wait for another server to let go of the data directory, in ms (10,000). */
  lockPatienceMs?: number;
  log: Log;
  /** @internal Is given the app before its routes are added. For tests. */
  prepareApp?: (app: FastifyInstance) => void;
}

/** A server that listens. */
export interface RunningServer {
  url: string;
  /** Stops accepting, gives running jobs back to the queue for the next start, and lets go of the data directory. */
  close(): Promise<void>;
}

/**
 * Starts a segment server. Jobs that the last one left unfinished are run again.
 * @throws {SegmentError} `not-available` when another server uses the data directory
 * @throws {Error} when the address can't be listened on or the data directory can't be used
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { dataDir, log } = options;
  /** What was opened so far, to be closed in the opposite order. */
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const lock = await takeLock(dataDir, options.lockPatienceMs ?? LOCK_PATIENCE_MS);
    closers.push(() => lock.release());

    const files = await FileStore.open(join(dataDir, "files"), join(dataDir, "pictures"));
    const jobStore = await JobStore.open(join(dataDir, "jobs"));
    const damaged = files.setAside + jobStore.setAside;
    if (damaged > 0) log(`${damaged} damaged or temporary files in ${dataDir} were moved into its folders "damaged"`);

    const maxQueued = options.maxQueued ?? MAX_QUEUED;
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

    const temporaryDir = await mkdtemp(join(tmpdir(), "segment-server-pictures-"));
    closers.push(() => rm(temporaryDir, { recursive: true, force: true }));
    const app = buildApp({
      token: options.token,
      // A token keeps web pages out too; where there is none, the name by which the server is called must.
      checkHost: options.checkHost ?? (options.token === undefined && LOOPBACK.includes(options.host)),
      log,
      files,
      jobs,
      janitor,
      engines,
      signer: await UrlSigner.open(join(dataDir, "link-key")),
      temporaryDir,
      prepareApp: options.prepareApp,
    });
    closers.push(() => closeApp(app));
    closers.push(() => jobs.stop());
    await app.listen({ host: options.host, port: options.port });

    const resumed = jobs.resume();
    if (resumed > 0) log(`${resumed} unfinished jobs run again`);
    void janitor.tidy();
    return { url: listenUrl(app.server), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function closeApp(app: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_PATIENCE_MS);
  await app.close();
  clearTimeout(cut);
}
