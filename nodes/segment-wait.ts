import { join } from "node:path";
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import { FileUses } from "./wait/file-uses";
import { flowsStarted } from "./wait/flows-started";
import { lazy } from "../src/async/lazy";
import { onMessage, type Task } from "./common/on-message";
import { runtimeHost } from "./common/runtime-host";
import { ageText } from "./common/status-line";
import { evaluate, isSame, nameOf, typedInput } from "./common/typed-input";
import { WaitRecords } from "./wait/wait-records";
import { Waits, type JobRef } from "./wait/waits";
import { serviceOfJob } from "./service/service-of-job";

interface WaitDef extends NodeDef {
  config?: string;
  job?: string;
  jobType?: string;
  timeout?: string | number;
  resume?: boolean;
  inOrder?: boolean;
  states?: boolean;
  deleteFile?: boolean;
}

const DEFAULT_JOB = { value: "jobId", type: "msg" };
const passing = lazy(() => import("./wait/pass-wait.lazy.js"));
const jobRefs = lazy(() => import("./wait/job-ref.lazy.js"));
const TEXTS = { working: "segment-wait.status.waiting", dropped: "segment-wait.warning.dropped" };

export = function (RED: NodeAPI): void {
  const warn = (text: string): void => RED.log.warn(`segment wait: ${text}`);
  const records = new WaitRecords(join(runtimeHost(RED).userDir, "node-red-segment-waits"), {
    setAside: (count) => warn(`${count} ${RED._("segment-wait.warning.setAside")}`),
    pruned: (count) => warn(`${count} ${RED._("segment-wait.warning.pruned")}`),
    failed: (reason) => warn(`${RED._("segment-wait.warning.notRecorded")} (${reason})`),
  });
  const files = new FileUses();

  function SegmentWait(this: Node, def: WaitDef): void {
    RED.nodes.createNode(this, def);
    const waits: Waits = new Waits({
      node: this,
      records,
      files,
      resume: def.resume !== false,
      inOrder: def.inOrder === true,
      started: flowsStarted(RED),
      makeKey: () => RED.util.generateId(),
      onChange: () => status.refresh(),
    });
    const words = { waiting: RED._(TEXTS.working), oldest: RED._("segment-wait.status.oldest") };
    const status = onMessage(RED, this, TEXTS, (msg, task) => wait(RED, this, def, waits, msg, task), {
      working: () => workingText(words, waits),
      closing: (removed, underWay) => waits.close(removed, underWay),
    });
  }
  RED.nodes.registerType("segment-wait", SegmentWait);
};

/** "2 waiting, oldest 12 s" */
function workingText(words: { waiting: string; oldest: string }, { shown }: Waits): string | undefined {
  if (shown === undefined) return undefined;
  const count = `${shown.count} ${words.waiting}`;
  const age = ageText(shown.oldestMs);
  return age === undefined ? count : `${count}, ${words.oldest} ${age}`;
}

async function wait(
  RED: NodeAPI,
  node: Node,
  def: WaitDef,
  waits: Waits,
  msg: NodeMessageInFlow,
  task: Task,
): Promise<void> {
  const takenUp = waits.resumed(msg);
  if (takenUp === undefined) await waits.ready;
  if (takenUp === undefined && msg.reset === true) {
    waits.cancel(await readCancelled(RED, node, def, msg));
    return;
  }
  const entry = takenUp ?? waits.enter(msg);
  let isFileFree = false;
  try {
    const goal = entry.goal ?? waits.begin(entry, msg, await readGoal(RED, node, def, msg));
    const { passWait } = await passing();
    const hasResult = await passWait(RED, entry, goal, def.states === true, msg, task);
    isFileFree = hasResult && def.deleteFile === true;
  } finally {
    waits.leave(entry, isFileFree, (error) => node.warn(error.message));
  }
}

/** The job whose wait `msg.reset` cancels; undefined for all. */
async function readCancelled(
  RED: NodeAPI,
  node: Node,
  def: WaitDef,
  msg: NodeMessageInFlow,
): Promise<number | undefined> {
  const { readJobId } = await jobRefs();
  const source = typedInput(def.job, def.jobType, DEFAULT_JOB);
  const given = await evaluate(RED, node, source, msg, "invalid-job");
  return given === undefined || given === null ? undefined : readJobId(nameOf(source), given);
}

async function readGoal(RED: NodeAPI, node: Node, def: WaitDef, msg: NodeMessageInFlow): Promise<JobRef> {
  const { jobIdOfPayload, readJobId, readTimeout } = await jobRefs();
  const source = typedInput(def.job, def.jobType, DEFAULT_JOB);
  const given = await evaluate(RED, node, source, msg, "invalid-job");
  const jobId = readJobId(
    nameOf(source),
    given ?? (isSame(source, DEFAULT_JOB) ? jobIdOfPayload(msg.payload) : undefined),
  );
  return {
    jobId,
    service: serviceOfJob(RED, def.config, msg),
    timeoutMs: readTimeout(def.timeout) * 1000,
  };
}
