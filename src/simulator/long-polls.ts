import type { OutgoingHttpHeaders } from "node:http";
import { isFinal, jobsByIdsSchema, jobSchema, jobsSchema, startedJobSchema, type Job } from "../api";
import { jsonAnswer, type Answer } from "./answer";
import { parseWait } from "../server/prefer";
import type { Forward } from "./forward";
import type { HeldJobs } from "./held-jobs";

/** The pause (ms) after a look at jobs that are due but have not ended: at least that, and so many times what it took. */
const POLL_MS = 25;
const POLL_FACTOR = 5;

/** Starts a job, and notes it when it was started. */
export async function start(held: HeldJobs, forward: Forward): Promise<Answer> {
  const answer = await forward.send();
  const job = startedJobSchema.safeParse(parse(answer.body));
  if (answer.status === 200 && job.success) held.started(job.data);
  return answer;
}

/** Answers a look at one job: `Running` until it is due. */
export async function look(held: HeldJobs, forward: Forward, jobId: number): Promise<Answer> {
  const wait = waitOf(forward);
  let running: Job | undefined;
  do {
    // Timers may be a little early.
    await forward.pause(Math.min(wait.endsAt, held.dueAt(jobId)) - performance.now());
    running = held.running(jobId);
  } while (running !== undefined && performance.now() < wait.endsAt);
  const answer = await (running === undefined ? forward.send() : forward.ask(Buffer.alloc(0)));
  const job = jobSchema.safeParse(parse(answer.body));
  if (answer.status !== 200 || !job.success) return answer;
  return jsonAnswer(200, running ?? held.ended(job.data), { ...answer.headers, ...wait.headers });
}

/** Answers a look at many jobs: when one of those that are due has ended, or when the client has waited enough. */
export async function looks(held: HeldJobs, forward: Forward): Promise<Answer> {
  const body = await forward.readBody();
  const request = jobsByIdsSchema.safeParse(parse(body));
  if (!request.success) return forward.ask(body);
  const { jobIds } = request.data;
  const wait = waitOf(forward);
  for (;;) {
    const startedAt = performance.now();
    const running = new Map(jobIds.flatMap((jobId) => entryOf(held, jobId)));
    const due = jobIds.filter((jobId) => !running.has(jobId));
    const answer = await forward.ask(Buffer.from(JSON.stringify({ jobIds: due.length > 0 ? due : jobIds })));
    const jobs = jobsSchema.safeParse(parse(answer.body));
    if (answer.status !== 200 || !jobs.success) return answer;

    const found = due.length > 0 ? jobs.data : { items: [], unknownJobIds: [] };
    const hasNews = found.items.some(({ status }) => isFinal(status)) || (found.unknownJobIds ?? []).length > 0;
    if (hasNews || performance.now() >= wait.endsAt) {
      const items = [...found.items.map((job) => held.ended(job)), ...running.values()];
      return jsonAnswer(200, { ...found, items }, { ...answer.headers, ...wait.headers });
    }
    const nextAt = [...running.keys()].reduce((at, jobId) => Math.min(at, held.dueAt(jobId)), wait.endsAt);
    const poll = due.length > 0 ? Math.max(POLL_MS, POLL_FACTOR * (performance.now() - startedAt)) : Infinity;
    await forward.pause(Math.min(nextAt - performance.now(), poll));
  }
}

function entryOf(held: HeldJobs, jobId: number): [number, Job][] {
  const job = held.running(jobId);
  return job === undefined ? [] : [[jobId, job]];
}

/** Until when a client wants its look to be held, and the headers that say that it was. */
function waitOf({ headers }: Forward): { endsAt: number; headers: OutgoingHttpHeaders } {
  const waitMs = parseWait([headers["prefer"] ?? ""].flat().join(","));
  if (waitMs === undefined) return { endsAt: performance.now(), headers: {} };
  return { endsAt: performance.now() + waitMs, headers: { "preference-applied": "wait" } };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
