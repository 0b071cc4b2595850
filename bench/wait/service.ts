/** Started by the benchmark: a segment server in a process of its own, `own` or `plain`, whose jobs only take time. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { createdFileSchema, segmentRequestSchema, type Job } from "../../src/api";
import type { Engine, EngineIdentity } from "../../src/engine";
import { buildApp } from "../../src/server/app";
import { FileStore } from "../../src/server/file-store";
import { Janitor } from "../../src/server/janitor";
import { JobStore } from "../../src/server/job-store";
import { JobService } from "../../src/server/job-service";
import { UrlSigner } from "../../src/server/url-signer";
import { durationOf } from "./timed-jobs";

const PICTURE = join(__dirname, "..", "..", "pictures", "coins.jpg");
const PROJECT = "/api/v1/projects/default";
const SEGMENT = `${PROJECT}/context/vision/segment`;
const RESULT = [
  { score: 0.9, polygons: [{ vertices: [0.2, 0.4, 0.6, 0.8].map((x) => ({ x, y: x * x, confidence: null })) }] },
];

/** The report that the process sends to the benchmark at its start and on request. */
export interface ServiceReport {
  url: string;
  /** Id of a file with a picture. */
  fileId: number;
  /** Requests so far. */
  requests: number;
}

const IDENTITY: EngineIdentity = { name: "graphcut", version: "sleeping" };
/** An engine that runs any number of tasks at once, each for the time that its prompt gives. */
const sleepingEngine: Engine = {
  ...IDENTITY,
  async segment({ prompt }, onStart) {
    onStart?.(IDENTITY);
    await sleep(durationOf(prompt));
    return RESULT;
  },
  health: () => ({ ready: true }),
  warmUp: () => undefined,
  close: () => Promise.resolve(),
};

/** The real server around that engine. */
async function startOwn(): Promise<Server> {
  const dataDir = mkdtempSync(join(tmpdir(), "segment-bench-"));
  process.on("exit", () => rmSync(dataDir, { recursive: true, force: true }));
  const log = console.error;
  const engines = { auto: sleepingEngine, byName: new Map([["auto", sleepingEngine]]) };
  const files = await FileStore.open(join(dataDir, "files"), join(dataDir, "pictures"));
  const book = await JobStore.open(join(dataDir, "jobs"));
  const jobs = new JobService(book, files, engines, { maxQueued: 10_000, log });
  const janitor = new Janitor(book, files, jobs, dataDir, { keepHours: 24, keepMegabytes: 1024 }, log);
  const signer = await UrlSigner.open(join(dataDir, "link-key"));
  const app = buildApp({ files, jobs, janitor, engines, signer, temporaryDir: dataDir, log });
  await app.listen({ host: "127.0.0.1", port: 0 });
  return app.server;
}

async function uploadPicture(url: string): Promise<number> {
  const body = JSON.stringify({ name: "coins.jpg", mimeType: "image/jpeg" });
  const headers = { "content-type": "application/json" };
  const made = await fetch(`${url}${PROJECT}/files`, { method: "POST", headers, body });
  const { id, uploadUrl } = createdFileSchema.parse(await made.json());
  const put = await fetch(uploadUrl, {
    method: "PUT",
    headers: { "content-type": "image/jpeg" },
    body: readFileSync(PICTURE),
  });
  if (!put.ok) throw new Error(`The picture was not taken: HTTP ${put.status}`);
  return id;
}

/** The bare contract, with no extension: jobs are started and polled one by one, and every response is immediate. */
async function startPlain(): Promise<Server> {
  const jobs = new Map<number, Job>();
  const start = async (request: IncomingMessage): Promise<Job> => {
    const { items, points } = segmentRequestSchema.parse(await json(request));
    const createdTime = Date.now();
    const durationMs = durationOf({ points });
    const job: Job = { jobId: jobs.size + 1, status: "Running", createdTime, startTime: createdTime };
    jobs.set(job.jobId, { ...job, statusTime: createdTime });
    setTimeout(() => {
      const result = [{ ...items[0], segments: RESULT }];
      jobs.set(job.jobId, { ...job, status: "Completed", statusTime: Date.now(), items: result });
    }, durationMs);
    return { ...job, statusTime: createdTime };
  };
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, url = "" } = request;
    const job = method === "POST" && url === SEGMENT ? await start(request) : jobs.get(Number(url.split("/").at(-1)));
    response.writeHead(job === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(job ?? { error: { code: 404, message: "not found" } }));
  };
  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

async function main(kind: string | undefined): Promise<void> {
  const isOwn = kind === "own";
  const server = await (isOwn ? startOwn() : startPlain());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fileId = isOwn ? await uploadPicture(url) : 1;
  let requests = 0;
  server.on("request", () => requests++);
  const report = (): void => void process.send?.({ url, fileId, requests } satisfies ServiceReport);
  process.on("message", report);
  process.on("disconnect", () => process.exit(0));
  report();
}

void main(process.argv[2]);
