/**
 * Jobs that take as long as the script says. States of a job, as the client sees them:
 *
 * - *delayed*: started less than `jobSeconds` ago. Reported as `Running`, whatever the real server says. -> due
 * - *due*: reported as the real server reports it. -> ended, when the real job has ended
 * - *ended*: `statusTime` is at least `jobSeconds` after the start.
 *
 * States of a poll: *held* until a job that it asks for has ended, or its `Prefer: wait` is over; then *answered*.
 */
import type { OutgoingHttpHeaders } from "node:http";
import { isFinal, jobsByIdsSchema, jobSchema, jobsSchema, startedJobSchema, type Job } from "../api";
import { parseWait } from "../server/prefer";
import type { DelayedJobs } from "./delayed-jobs";
import type { Forward } from "./forward";
import { jsonResponse, type HttpResponse } from "./http-response";

/** Shortest pause (ms) between two requests for jobs that are due but have not ended. */
const POLL_MS = 25;
/** The pause is at least this many times the duration of the request before it. */
const POLL_FACTOR = 5;

/** Starts a job, and begins its delay. */
export async function startJob(delayed: DelayedJobs, forward: Forward): Promise<HttpResponse> {
  const response = await forward.send();
  const job = startedJobSchema.safeParse(parseJson(response.body));
  if (response.status === 200 && job.success) delayed.started(job.data);
  return response;
}

/** Responds to a poll for one job. */
export async function pollJob(delayed: DelayedJobs, forward: Forward, jobId: number): Promise<HttpResponse> {
  const wait = waitOf(forward);
  let running: Job | undefined;
  do {
    // Timers may fire a little early.
    await forward.pause(Math.min(wait.endsAt, delayed.dueAt(jobId)) - performance.now());
    running = delayed.running(jobId);
  } while (running !== undefined && performance.now() < wait.endsAt);
  const response = await (running === undefined ? forward.send() : forward.sendWithoutWait(Buffer.alloc(0)));
  const job = jobSchema.safeParse(parseJson(response.body));
  if (response.status !== 200 || !job.success) return response;
  return jsonResponse(200, running ?? delayed.ended(job.data), { ...response.headers, ...wait.headers });
}

/** Responds to a poll for many jobs. */
export async function pollJobs(delayed: DelayedJobs, forward: Forward): Promise<HttpResponse> {
  const body = await forward.readBody();
  const request = jobsByIdsSchema.safeParse(parseJson(body));
  if (!request.success) return forward.sendWithoutWait(body);
  const { jobIds } = request.data;
  const wait = waitOf(forward);
  for (;;) {
    const startedAt = performance.now();
    const running = new Map(jobIds.flatMap((jobId) => entryOf(delayed, jobId)));
    const due = jobIds.filter((jobId) => !running.has(jobId));
    const response = await forward.sendWithoutWait(
      Buffer.from(JSON.stringify({ jobIds: due.length > 0 ? due : jobIds })),
    );
    const jobs = jobsSchema.safeParse(parseJson(response.body));
    if (response.status !== 200 || !jobs.success) return response;

    const found = due.length > 0 ? jobs.data : { items: [], unknownJobIds: [] };
    const hasNews = found.items.some(({ status }) => isFinal(status)) || (found.unknownJobIds ?? []).length > 0;
    if (hasNews || performance.now() >= wait.endsAt) {
      const items = [...found.items.map((job) => delayed.ended(job)), ...running.values()];
      return jsonResponse(200, { ...found, items }, { ...response.headers, ...wait.headers });
    }
    const nextAt = [...running.keys()].reduce((at, jobId) => Math.min(at, delayed.dueAt(jobId)), wait.endsAt);
    const pollMs = due.length > 0 ? Math.max(POLL_MS, POLL_FACTOR * (performance.now() - startedAt)) : Infinity;
    await forward.pause(Math.min(nextAt - performance.now(), pollMs));
  }
}

function entryOf(delayed: DelayedJobs, jobId: number): [number, Job][] {
  const job = delayed.running(jobId);
  return job === undefined ? [] : [[jobId, job]];
}

/** When the client's poll ends, by `performance.now()`, and the headers that confirm its preference. */
function waitOf({ headers }: Forward): { endsAt: number; headers: OutgoingHttpHeaders } {
  const waitMs = parseWait([headers["prefer"] ?? ""].flat().join(","));
  const endsAt = performance.now() + (waitMs ?? 0);
  return { endsAt, headers: waitMs === undefined ? {} : { "preference-applied": "wait" } };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
