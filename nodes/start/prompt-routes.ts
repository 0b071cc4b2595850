import type { NodeAPI } from "node-red";
import type { FileReference, Job, Segment } from "../../src/api";
import { SegmentError } from "../../src/api/segment-error";
import { lazy } from "../../src/async/lazy";
import { respond, respondWithError, Refusal, type Request, type Response } from "../common/admin-route";
import { TimeLimit } from "../service/time-limit";
import { connectionOf, type Connection } from "../service/connection";
import type { Picture } from "../common/picture.lazy";
import type { RecentPicture, RecentPictures } from "./recent-pictures";

const TIME_LIMIT_MS = 60_000;
const contract = lazy(() => import("../../src/api/index.js"));
const prompts = lazy(() => import("../../src/prompt/index.js"));
const pictureReader = lazy(() => import("../common/picture.lazy.js"));
const jobStarts = lazy(() => import("./start-jobs.lazy.js"));
const waits = lazy(() => import("../service/wait-for-job.lazy.js"));

/** The result of a prompt that was tried: the best segment of each job. */
interface Trial {
  segments: Segment[];
  /** The lowest score of them; null when nothing was found. */
  score: number | null;
  /** From the request to the last result. */
  ms: number;
  engine?: { name: string; version: string };
}

/** The routes by which the dialog of segment start shows the last picture that passed the node and tries prompts on it. */
export function servePromptEditor(RED: NodeAPI, pictures: RecentPictures): void {
  const find = (request: Request): { picture: RecentPicture; connection: Connection } =>
    pictureOf(RED, pictures, String(request.params.id));

  RED.httpAdmin.get(
    "/segment-start/:id/picture",
    RED.auth.needsPermission("segment-start.read"),
    async (request, response) => {
      response.set({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
      try {
        const { picture, connection } = find(request);
        const { bytes, mimeType } = await inTime(response, (signal) => readBytes(picture, connection, signal));
        response.type(mimeType).send(bytes);
      } catch (error) {
        respondWithError(response, error);
      }
    },
  );
  RED.httpAdmin.post("/segment-start/:id/try", RED.auth.needsPermission("segment-start.write"), (request, response) =>
    respond(response, async () => {
      const { picture, connection } = find(request);
      return inTime(response, (signal) => tryPrompt(connection, picture.file, request.body, signal));
    }),
  );
}

/** Works for a dialog: for a minute at most, and only while the dialog waits. */
async function inTime<T>(response: Response, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const limit = AbortSignal.timeout(TIME_LIMIT_MS);
  try {
    return await work(AbortSignal.any([gone.signal, limit]));
  } catch (error) {
    if (!limit.aborted) throw error;
    throw new Refusal(504, `The service has given no result within ${TIME_LIMIT_MS / 1000} s.`, "timed-out");
  }
}

function pictureOf(
  RED: NodeAPI,
  pictures: RecentPictures,
  id: string,
): { picture: RecentPicture; connection: Connection } {
  const node = pictures.find(id);
  if (node === undefined) throw new Refusal(404, "This node is not deployed.", "no-picture");
  if (node.picture === undefined) throw new Refusal(404, "No picture has passed this node yet.", "no-picture");
  const connection = connectionOf(RED, node.config);
  const { service } = node.picture;
  if (service !== undefined && service !== connection.service) {
    throw new Refusal(404, "The last picture that passed this node is on another service.", "no-picture");
  }
  return { picture: node.picture, connection };
}

async function readBytes(
  { file, image }: RecentPicture,
  connection: Connection,
  signal: AbortSignal,
): Promise<Picture> {
  const { readPicture } = await pictureReader();
  if (image !== undefined) return readPicture("msg.image", image);
  const { fileIdentityOf } = await contract();
  const client = await connection.client();
  return readPicture("The service's file", await client.downloadFile(fileIdentityOf(file), { signal }));
}

/** Runs the jobs of a prompt outside the flow, and waits until they have ended. */
async function tryPrompt(
  connection: Connection,
  file: FileReference,
  body: unknown,
  signal: AbortSignal,
): Promise<Trial> {
  const { buildJobs } = await prompts();
  const { startJobs } = await jobStarts();
  const { jobs } = buildJobs({ files: [file], ...(await readPrompt(body)), units: "fraction" });
  const began = performance.now();
  const started = await startJobs(await connection.client(), jobs, { signal });
  const ended = await Promise.all(started.map(({ jobId }) => resultOf(connection, jobId, signal)));
  const segments = ended.flatMap((job) => (job?.items ?? []).flatMap((item) => (item.segments ?? []).slice(0, 1)));
  return {
    segments,
    score: segments.length === 0 ? null : Math.min(...segments.map(({ score }) => score)),
    ms: Math.round(performance.now() - began),
    engine: ended[0]?.engine ?? undefined,
  };
}

async function resultOf(connection: Connection, jobId: number, signal: AbortSignal): Promise<Job | undefined> {
  const { waitForJob } = await waits();
  const { job, error } = await waitForJob(connection.ref, jobId, { limit: new TimeLimit(0), signal, isCounted: false });
  if (error !== undefined) throw new SegmentError(error.code, error.message);
  return job;
}

async function readPrompt(body: unknown) {
  const { z } = await import("zod");
  const { boundingBoxSchema, pointSchema } = await contract();
  const parsed = z.strictObject({ points: z.array(pointSchema), boxes: z.array(boundingBoxSchema) }).safeParse(body);
  if (parsed.success) return parsed.data;
  throw new Refusal(400, `The prompt can't be used: ${z.prettifyError(parsed.error)}`, "invalid-prompt");
}
