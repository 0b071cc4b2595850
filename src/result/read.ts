import { z } from "zod";
import {
  boundingBoxSchema,
  describeIssues,
  fileReferenceSchema,
  jobSchema,
  pointSchema,
  preview,
  SegmentError,
  type FileReference,
  type Job,
  type Prompt,
} from "../api";
import type { Ring } from "./parts";

/** An object that was found. */
export interface FoundSegment {
  /** 0..1 */
  score: number;
  /** The label of the box that it was found by. */
  label?: string;
  /** Outlines and holes in fractions of the upright picture, in any order and direction: the even-odd rule holds. */
  rings: Ring[];
}

/** The result of a job. */
export interface Result {
  jobId: number;
  file: FileReference | undefined;
  prompt: Prompt;
  segments: FoundSegment[];
}

/** The part of `msg.segment` that is read. A property of another form counts as missing. */
const segmentSchema = z
  .looseObject({
    jobId: z.number().optional().catch(undefined),
    box: z
      .looseObject({ label: z.union([z.string(), z.number()]).optional().catch(undefined) })
      .optional()
      .catch(undefined),
  })
  .catch({});
/** A whole message in an array, as the core join node can make it. */
const messageSchema = z.looseObject({ payload: z.unknown(), segment: z.unknown() });

/**
 * Reads the result of one job, or an array of results (or of whole messages with results) of one file.
 * @param name how the user would call the value, for errors
 * @param segment the message's `msg.segment`: the label of its box names the segments of its job
 * @throws {SegmentError} `invalid-result`
 */
export function readResults(name: string, value: unknown, segment: unknown): Result[] {
  const items: unknown[] = Array.isArray(value) ? value : [value];
  if (items.length === 0) throw invalid(`${name} is an empty array: there is no result in it`);
  const results = items.map((item, index) =>
    readItem(Array.isArray(value) ? `${name}[${index}]` : name, item, segment),
  );
  checkFile(name, results);
  return results;
}

function readItem(name: string, item: unknown, segment: unknown): Result {
  const message = messageSchema.safeParse(item);
  if (message.success && "payload" in message.data) {
    return readResult(`${name}.payload`, message.data.payload, message.data.segment);
  }
  return readResult(name, item, segment);
}

function readResult(name: string, value: unknown, segment: unknown): Result {
  const parsed = jobSchema.safeParse(value);
  if (!parsed.success) {
    const reason =
      typeof value === "object" && value !== null && !ArrayBuffer.isView(value)
        ? describeIssues(parsed.error, value)
        : `got ${preview(value)}`;
    throw invalid(`${name} must be a result as segment wait sends it (${reason})`);
  }
  const job = parsed.data;
  if (job.status !== "Completed") {
    throw invalid(
      `${name} is job ${job.jobId} with the status ${preview(job.status)}, not a result: wire this node to the first output of segment wait`,
    );
  }
  const label = labelOf(job.jobId, segment);
  return {
    jobId: job.jobId,
    file: fileOf(job),
    prompt: promptOf(job),
    segments: (job.items?.[0]?.segments ?? []).map(({ score, polygons }) => ({
      score,
      ...(label === undefined ? {} : { label }),
      rings: polygons.map(({ vertices }) => vertices.map(({ x, y }) => ({ x, y }))),
    })),
  };
}

function labelOf(jobId: number, segment: unknown): string | undefined {
  const { jobId: ofSegment, box } = segmentSchema.parse(segment);
  return ofSegment === jobId && box?.label !== undefined ? String(box.label) : undefined;
}

/** The reference to the result's file: the first one that it holds. */
function fileOf(job: Job): FileReference | undefined {
  const { fileId, fileExternalId, fileInstanceId } = job.items?.[0] ?? {};
  const names = [{ fileId }, { fileExternalId }, { fileInstanceId }];
  return names.map((name) => fileReferenceSchema.safeParse(name)).find(({ success }) => success)?.data;
}

/** The drawable part of a prompt: services may send more, or less exact values. */
function promptOf({ prompt }: Job): Prompt {
  const points = (prompt?.points ?? []).map(({ x, y, label }) =>
    pointSchema.safeParse({ x, y, label: label === 0 ? 0 : 1 }),
  );
  const { xMin, yMin, xMax, yMax } = prompt?.boundingBox ?? {};
  return {
    points: points.flatMap(({ data }) => (data === undefined ? [] : [data])),
    boundingBox: boundingBoxSchema.safeParse({ xMin, yMin, xMax, yMax }).data,
  };
}

/** Checks that all results are of one file. */
function checkFile(name: string, results: Result[]): void {
  const [first, other] = new Set(results.flatMap(({ file }) => (file === undefined ? [] : [preview(file)])));
  if (other !== undefined) {
    throw invalid(
      `${name} holds results of different files, ${first} and ${other}: let a join put together those of one file only`,
    );
  }
}

function invalid(message: string): SegmentError {
  return new SegmentError("invalid-result", `${message}.`);
}
