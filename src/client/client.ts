import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { z } from "zod";
import type { DrawRequest, FileIdentity, FileRecord, Job, SegmentRequest, StartedJob } from "../api";
import { linkAbort } from "../async/abort";
import { FileRoutes, type Upload } from "./files";
import { ServiceHttp, type HttpOptions } from "./http";
import { JobSlots } from "./job-slots";
import { JobRoutes, type StartOptions } from "./jobs";
import { DEFAULT_RETRY_DELAYS, type RetryDelays } from "./retry-delays";
import { Semaphore } from "../async/semaphore";
import { JobWaiter } from "./waiter";

const gzip = promisify(zlib.gzip);

export interface ClientOptions extends Omit<HttpOptions, "agent" | "delays"> {
  project: string;
  /**
   * Whether uploaded pictures get an external id made from their content, so that a picture that is sent again is the
   * same file. For services that would keep every copy.
   */
  namesFiles?: boolean;
  /** How many jobs of this client may be unfinished; further ones wait, in order. No limit by default. */
  maxJobs?: number;
  delays?: Partial<RetryDelays>;
}

interface Options {
  signal?: AbortSignal;
}

const healthSchema = z.looseObject({
  version: z.string(),
  /** The engine of a job that asks for none. `reason`: why it is not ready; only sent to authenticated clients. */
  engine: z.looseObject({ name: z.string(), version: z.string(), ready: z.boolean(), reason: z.string().nullish() }),
  /** Of the server's process, in bytes. Older servers don't report it. */
  memory: z.looseObject({ rss: z.number() }).nullish(),
});
const tokenInspectionSchema = z.looseObject({
  projects: z.array(z.looseObject({ projectUrlName: z.string().nullish() })).nullish(),
});

/**
 * A client of one service that speaks the contract. All methods throw SegmentError: besides the codes that they name,
 * also `unauthorized`, `unreachable`, `overloaded`, `not-available`, `bad-request`, `bad-answer`, and `cancelled` when
 * their signal aborts or the client closes.
 */
export class SegmentClient {
  /** Waits for jobs. */
  readonly waiter: JobWaiter;
  /** How many requests may be in flight; further ones wait in order. */
  readonly concurrency: number;
  readonly #tokens: ClientOptions["tokens"];
  readonly #http: ServiceHttp;
  readonly #jobs: JobRoutes;
  readonly #files: FileRoutes;
  readonly #slots: JobSlots | undefined;
  readonly #closing = new AbortController();
  /** Polls of single jobs leave half of the requests to those that start jobs. */
  readonly #polls: Semaphore;

  constructor(options: ClientOptions) {
    const delays = { ...DEFAULT_RETRY_DELAYS, ...options.delays };
    this.concurrency = options.concurrency;
    this.#tokens = options.tokens;
    this.#http = new ServiceHttp({ ...options, agent: `node-red-segment/${packageVersion()}`, delays });
    this.#jobs = new JobRoutes(this.#http, options.project);
    this.#files = new FileRoutes(this.#http, options.project, delays, options.namesFiles ?? false);
    this.#polls = new Semaphore(Math.max(1, Math.floor(options.concurrency / 2)));
    this.waiter = new JobWaiter(this.#jobs, this.#polls, delays);
    this.#slots = options.maxJobs === undefined ? undefined : new JobSlots(options.maxJobs, this.waiter);
  }

  /**
   * Starts a job when fewer than `maxJobs` are unfinished. Repeats of the request carry the same idempotency key, so that
   * our server starts one job.
   * @throws {SegmentError} `invalid-prompt`, `file-not-found`
   */
  async startJob(request: SegmentRequest, options: StartOptions = {}): Promise<StartedJob> {
    const start = async (): Promise<StartedJob> => {
      const { job, hints } = await this.#jobs.start(request, options);
      this.waiter.learn(hints);
      return job;
    };
    if (this.#slots === undefined) return start();
    const link = linkAbort(this.#closing.signal, options.signal);
    try {
      return await this.#slots.run(link.signal, start);
    } finally {
      link.dispose();
    }
  }

  /** Gets a job once. @throws {SegmentError} `job-not-found` */
  async getJob(jobId: number, options: Options = {}): Promise<Job> {
    return (await this.#jobs.poll(jobId, { ...options, lane: this.#polls })).job;
  }

  /**
   * Sends a picture and returns its record when jobs can use it.
   * @throws {SegmentError} `invalid-image` for one that is too large for the service
   */
  upload(upload: Upload, options: Options = {}): Promise<FileRecord> {
    return this.#files.upload(upload, options);
  }

  /** The bytes of a file. @throws {SegmentError} `file-not-found` */
  downloadFile(file: FileIdentity, options: Options = {}): Promise<Buffer> {
    return this.#files.download(file, options);
  }

  /** Deletes up to 1000 files. @throws {SegmentError} `file-not-found` */
  deleteFiles(items: FileIdentity[], options: Options = {}): Promise<void> {
    return this.#files.delete(items, options);
  }

  /** Gets the token for requests, without a request to the service. */
  async authorize(signal: AbortSignal): Promise<void> {
    await this.#tokens.get(signal);
  }

  /**
   * Sends a segment request without a file, which starts nothing.
   * @throws {SegmentError} `invalid-prompt` by a service that offers segments and lets this client ask for them
   */
  probeSegments(options: Options = {}): Promise<void> {
    return this.#jobs.probe(options);
  }

  /** What the token allows, as the service reports it. */
  async inspectToken(options: Options = {}): Promise<z.infer<typeof tokenInspectionSchema>> {
    const response = await this.#http.json(tokenInspectionSchema, {
      method: "GET",
      to: { path: "/api/v1/token/inspect" },
      purpose: "other",
      doing: "inspect the token",
      ...options,
    });
    return response.data;
  }

  /** The health of our server. Other services don't have this route. */
  async health(options: Options = {}): Promise<z.infer<typeof healthSchema>> {
    const response = await this.#http.json(healthSchema, {
      method: "GET",
      to: { path: "/health" },
      purpose: "other",
      doing: "ask for its health",
      ...options,
    });
    return response.data;
  }

  /**
   * Draws segments and prompts over a picture, or their mask, on our server. Other services don't have this route.
   * @returns a JPEG or PNG
   * @throws {SegmentError} `file-not-found`, `invalid-image`
   */
  async draw(request: DrawRequest, options: Options = {}): Promise<Buffer> {
    return this.#http.bytes({
      method: "POST",
      to: { path: "/draw" },
      // Outlines shrink to a quarter. A picture would not get smaller.
      ...(request.image === undefined ? await gzipped(request) : { body: request }),
      purpose: "draw",
      doing: "draw the result",
      ...options,
    });
  }

  /** Ends all requests and waits as `cancelled`. */
  close(): void {
    this.#closing.abort();
    this.waiter.close();
    this.#http.close();
  }
}

/** A JSON body that is compressed, and the headers that say so. */
async function gzipped(body: object): Promise<{ body: Buffer; headers: Record<string, string> }> {
  const headers = { "content-type": "application/json", "content-encoding": "gzip" };
  return { body: await gzip(JSON.stringify(body)), headers };
}

function packageVersion(): string {
  const file = require.resolve("@visionjobs/node-red-segment/package.json");
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, "utf8"))).version;
}
