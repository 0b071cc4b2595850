import type { FileRecord, Job, StartedJob } from "../api";
import type { StoredFile } from "./file-store";
import { hasEnded, type StoredJob } from "./stored-job";

/** The response to POST: points and box at the top level. */
export function startedJobResponse(job: StoredJob): StartedJob {
  return { ...jobHead(job), items: [fileReference(job)], ...job.prompt };
}

/** The response to GET: points and box under `prompt`, and the result once the job has ended. */
export function jobResponse(job: StoredJob): Job {
  return { ...jobHead(job), prompt: job.prompt, ...outcome(job) };
}

/** The record of a file as the files routes send it. */
export function fileResponse({ sha256, uploadedTime, ...file }: StoredFile): FileRecord {
  return { ...file, instanceId: null, uploaded: sha256 !== undefined, uploadedTime };
}

function jobHead({ jobId, status, createdTime, startTime, statusTime, errorMessage, engine }: StoredJob) {
  return { jobId, status, createdTime, startTime, statusTime, errorMessage, engine };
}

function outcome(job: StoredJob): Pick<Job, "items" | "failedItems"> {
  if (!hasEnded(job)) return { items: [fileReference(job)] };
  if (job.status === "Completed") return { items: [{ ...fileReference(job), segments: job.segments ?? [] }] };
  return { items: [], failedItems: [{ errorMessage: job.errorMessage, items: [fileReference(job)] }] };
}

function fileReference({ fileId, fileExternalId }: StoredJob) {
  return { fileId, fileExternalId };
}
