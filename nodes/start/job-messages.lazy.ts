import { isDeepStrictEqual } from "node:util";
import type { NodeAPI, NodeMessage, NodeMessageInFlow } from "node-red";
import type { StartedPlan } from "./start-jobs.lazy";
import { segmentOf } from "../common/segment-of";

/** What upload writes into `msg.segment` of a file, which holds for every job on that file. */
const FILE_FACTS = ["imageSize", "mimeType", "sha256", "receivedAt"];

/**
 * The messages of started jobs, one a job, each with everything that the message had for which they were started.
 * @param isSequence whether they are numbered for a join node
 */
export function jobMessages(
  RED: NodeAPI,
  msg: NodeMessageInFlow,
  service: string,
  started: StartedPlan[],
  isSequence: boolean,
): NodeMessage[] {
  const sequenceId = RED.util.generateId();
  return started.map((job, index) => ({
    ...msg,
    payload: job.response,
    jobId: job.jobId,
    segment: RED.util.cloneMessage(segmentOfJob(segmentOf(msg), service, job)),
    ...(isSequence ? { parts: partsOf(msg, sequenceId, index, started.length) } : {}),
  }));
}

/** `msg.segment` of one job, without what belongs to another file than the job's, or to an earlier job. */
function segmentOfJob(
  before: Record<string, unknown>,
  service: string,
  { plan: { request, prompt, box }, jobId }: StartedPlan,
): Record<string, unknown> {
  const [file] = request.items;
  const isSameFile = before.file === undefined || isDeepStrictEqual(before.file, file);
  const facts = Object.entries(before).filter(([name]) => isSameFile && FILE_FACTS.includes(name));
  return { ...Object.fromEntries(facts), service, file, jobId, prompt, ...(box === undefined ? {} : { box }) };
}

function partsOf(msg: NodeMessageInFlow, id: string, index: number, count: number): object {
  return { ...(msg.parts ? { parts: msg.parts } : {}), id, type: "array", index, count };
}
