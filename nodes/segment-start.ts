import { isDeepStrictEqual } from "node:util";
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import type { StartedJob } from "../src/api";
import type { PlannedJob, PromptInput } from "../src/prompt";
import { connectionOf, segmentOf } from "./shared/connection";
import { onMessage, type Task } from "./shared/on-message";
import { evaluate, isSame, typedInput, type TypedInput } from "./shared/typed-input";

interface StartDef extends NodeDef {
  config?: string;
  file?: string;
  fileType?: string;
  points?: string;
  pointsType?: string;
  boxes?: string;
  boxesType?: string;
  units?: string;
}

const DEFAULT_FILE = { value: "payload.fileIds", type: "msg" };
const DEFAULT_POINTS = { value: "payload.points", type: "msg" };
const DEFAULT_BOXES = { value: "payload.boxes", type: "msg" };
const TEXTS = { working: "segment-start.status.starting", dropped: "segment-start.warning.dropped" };

export = function (RED: NodeAPI): void {
  function SegmentStart(this: Node, def: StartDef): void {
    RED.nodes.createNode(this, def);
    onMessage(RED, this, TEXTS, (msg, task) => start(RED, this, def, msg, task));
  }
  RED.nodes.registerType("segment-start", SegmentStart);
};

async function start(RED: NodeAPI, node: Node, def: StartDef, msg: NodeMessageInFlow, task: Task): Promise<void> {
  const { buildJobs } = await import("../src/prompt/index.js");
  const { jobs, sequence } = buildJobs(await readPrompt(RED, node, def, msg));
  const connection = connectionOf(RED, def.config);

  const { startJobs } = await import("./shared/start-jobs.js");
  const started = await startJobs(await connection.client(), jobs, task.signal);

  const sequenceId = RED.util.generateId();
  const messages = started.map(({ job, answer }, index) => ({
    ...msg,
    payload: answer,
    jobId: answer.jobId,
    segment: RED.util.cloneMessage(segmentOfJob(segmentOf(msg), connection.service, job, answer)),
    ...(sequence ? { parts: partsOf(msg, sequenceId, index, jobs.length) } : {}),
  }));
  task.send([messages]);
}

async function readPrompt(RED: NodeAPI, node: Node, def: StartDef, msg: NodeMessageInFlow): Promise<PromptInput> {
  const { promptOfPayload } = await import("../src/prompt/index.js");
  const file = typedInput(def.file, def.fileType, DEFAULT_FILE);
  const points = typedInput(def.points, def.pointsType, DEFAULT_POINTS);
  const boxes = typedInput(def.boxes, def.boxesType, DEFAULT_BOXES);
  const [fileIsDefault, pointsAreDefault, boxesAreDefault] = [
    isSame(file, DEFAULT_FILE),
    isSame(points, DEFAULT_POINTS),
    isSame(boxes, DEFAULT_BOXES),
  ];
  const payload = promptOfPayload(msg.payload, {
    needed: fileIsDefault || (pointsAreDefault && boxesAreDefault),
    readsBoxes: boxesAreDefault,
  });
  const read = (input: TypedInput): Promise<unknown> => evaluate(RED, node, input, msg, "invalid-prompt");
  return {
    files: fileIsDefault ? payload.files : await read(file),
    points: pointsAreDefault ? payload.points : await read(points),
    boxes: boxesAreDefault ? payload.boxes : await read(boxes),
    units: def.units === "pixel" ? "pixel" : "fraction",
    imageSize: payload.imageSize ?? segmentOf(msg).imageSize,
  };
}

/** What upload tells of a file, which holds for every job on that file. */
const FILE_FACTS = ["imageSize", "mimeType", "sha256", "receivedAt"];

/** `msg.segment` of one job. What was known of another file than the job's, or of an earlier job, is left behind. */
function segmentOfJob(
  before: Record<string, unknown>,
  service: string,
  { request, prompt, box }: PlannedJob,
  { jobId }: StartedJob,
): Record<string, unknown> {
  const [file] = request.items;
  const isSameFile = before.file === undefined || isDeepStrictEqual(before.file, file);
  const facts = Object.entries(before).filter(([name]) => isSameFile && FILE_FACTS.includes(name));
  return { ...Object.fromEntries(facts), service, file, jobId, prompt, ...(box === undefined ? {} : { box }) };
}

function partsOf(msg: NodeMessageInFlow, id: string, index: number, count: number): object {
  return { ...(msg.parts ? { parts: msg.parts } : {}), id, type: "array", index, count };
}
