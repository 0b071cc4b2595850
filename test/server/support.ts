/** Servers for the tests, in this process or in their own, and an HTTP client for them. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import axios, { type AxiosInstance, type AxiosResponse } from "axios";
import type { FastifyInstance } from "fastify";
import sharp from "sharp";
import { z } from "zod";
import {
  createdFileSchema,
  jobSchema,
  startedJobSchema,
  type Job,
  type MimeType,
  type StartedJob,
} from "../../src/api";
import { startServer, type ServerOptions } from "../../src/server";
import { removeFolder } from "../../tools/remove-folder";

export const TOKEN = "a-token-of-the-tests";
export const SEGMENT = "/api/v1/projects/plant/context/vision/segment";
export const FILES = "/api/v1/projects/plant/files";
export const CLI = require.resolve("@visionjobs/node-red-segment/segment-server");
/** The middle of a disc. */
export const MIDDLE = { points: [{ x: 0.5, y: 0.5 }] };

/** A JPEG of a disc in the middle; `shade` (0..255) makes it another picture. */
export function disc(shade = 200): Promise<Buffer> {
  const svg = `<svg width="320" height="240"><rect width="320" height="240" fill="#345"/>
    <circle cx="160" cy="120" r="70" fill="rgb(${shade},180,60)"/></svg>`;
  return sharp(Buffer.from(svg)).jpeg().toBuffer();
}

export function scratchDir(): string {
  return mkdtempSync(join(tmpdir(), "segment-server-"));
}

export function removeDir(dir: string): void {
  removeFolder(dir);
}

/** The requests that most tests send to a server. */
export class TestClient {
  readonly http: AxiosInstance;

  constructor(
    readonly url: string,
    token: string | null = TOKEN,
  ) {
    this.http = axios.create({
      baseURL: url,
      proxy: false,
      validateStatus: () => true,
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
    });
  }

  /** Creates a file with a picture. Returns its id. */
  async upload(
    bytes: Uint8Array,
    { mimeType = "image/jpeg", externalId }: { mimeType?: MimeType; externalId?: string } = {},
  ): Promise<number> {
    const name = mimeType === "image/jpeg" ? "a.jpeg" : "a.png";
    const { id, uploadUrl } = createdFileSchema.parse(
      (await this.http.post(FILES, { name, mimeType, externalId })).data,
    );
    const put = await axios.put(uploadUrl, bytes, { proxy: false, headers: { "content-type": mimeType } });
    assert.equal(put.status, 200);
    return id;
  }

  async start(fileId: number, prompt: object = MIDDLE): Promise<StartedJob> {
    const response = await this.http.post(SEGMENT, { items: [{ fileId }], ...prompt });
    assert.equal(response.status, 200, JSON.stringify(response.data));
    return startedJobSchema.parse(response.data);
  }

  /** Waits until a job has ended. */
  async ended(jobId: number): Promise<Job> {
    for (let round = 0; round < 20; round += 1) {
      const response = await this.http.get(`${SEGMENT}/${jobId}`, { headers: { prefer: "wait=10" } });
      const job = jobSchema.parse(response.data);
      if (job.status === "Completed" || job.status === "Failed") return job;
    }
    return assert.fail(`job ${jobId} did not end`);
  }
}

/** A server in this process. */
export class TestServer extends TestClient {
  private constructor(
    url: string,
    token: string | null,
    readonly dataDir: string,
    readonly logged: string[],
    private readonly stop: () => Promise<void>,
  ) {
    super(url, token);
  }

  static async start(options: Partial<ServerOptions> = {}): Promise<TestServer> {
    const dataDir = options.dataDir ?? scratchDir();
    const logged: string[] = [];
    const server = await startServer({
      host: "127.0.0.1",
      port: 0,
      token: TOKEN,
      engine: "sam",
      workers: 1,
      keepHours: 24,
      keepMegabytes: 1024,
      log: (message) => logged.push(message),
      ...options,
      dataDir,
      prepareApp: (app) => {
        checkResponses(app);
        options.prepareApp?.(app);
      },
    });
    return new TestServer(server.url, options.token ?? TOKEN, dataDir, logged, () => server.close());
  }

  /** Closes the server and removes its data, unless `keepData` is true. */
  async close({ keepData = false } = {}): Promise<void> {
    await this.stop();
    if (!keepData) removeDir(this.dataDir);
  }
}

/** Fails each response that does not match the schema of its route exactly: extra fields fail too. */
function checkResponses(app: FastifyInstance): void {
  app.addHook("preSerialization", (request, reply, payload, done) => {
    const schema = request.routeOptions.config.operation?.response;
    const isError = reply.statusCode >= 400;
    const sent: unknown = JSON.parse(JSON.stringify(payload));
    const parsed = schema instanceof z.ZodType && !isError ? schema.safeParse(sent) : undefined;
    const fits = parsed === undefined || (parsed.success && isDeepStrictEqual(parsed.data, sent));
    const reason = `${request.method} ${request.url}: the response does not match its schema`;
    if (!fits) throw new Error(`${reason}: ${JSON.stringify(parsed.error?.issues ?? sent)}`);
    done(null, payload);
  });
}

const readySchema = z.strictObject({ ready: z.literal(true), url: z.string() });

/** A server in its own process, started as users start it. */
export class ServerProcess {
  private constructor(
    readonly child: ChildProcess,
    readonly url: string,
    readonly output: { stderr: string },
  ) {}

  /** Starts it and waits for its ready line. */
  static async start(args: string[], env: NodeJS.ProcessEnv = {}): Promise<ServerProcess> {
    const child = spawn(process.execPath, [CLI, "--port", "0", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, SEGMENT_SERVER_TOKEN: TOKEN, ...env },
    });
    const output = { stderr: "" };
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    for await (const line of createInterface({ input: child.stdout })) {
      return new ServerProcess(child, readySchema.parse(JSON.parse(line)).url, output);
    }
    return assert.fail(`the server ended before it was ready: ${output.stderr}`);
  }

  /** Sends a signal and waits for the end. Returns the exit code, null after a kill. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill(signal);
      await once(this.child, "exit");
    }
    return this.child.exitCode;
  }
}

/** Runs the command line until it exits. */
export async function runCli(args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, SEGMENT_SERVER_TOKEN: "", ...env },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  await once(child, "close");
  return { code: child.exitCode, stdout, stderr };
}

const errorSchema = z.strictObject({
  error: z.strictObject({
    code: z.number(),
    message: z.string().min(1),
    missing: z.array(z.unknown()).optional(),
    duplicated: z.array(z.unknown()).optional(),
  }),
});

/** Asserts that a response is an error in the contract's form with a request id, and returns the error. */
export function errorOf(response: AxiosResponse, status: number): z.infer<typeof errorSchema>["error"] {
  assert.equal(response.status, status, JSON.stringify(response.data));
  const { error } = errorSchema.parse(response.data);
  assert.equal(error.code, status);
  assert.match(String(response.headers["x-request-id"]), /^[0-9a-f-]{36}$/);
  return error;
}
