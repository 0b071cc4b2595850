import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import { connectionOfJob, segmentOf } from "./shared/connection";
import { onMessage, type Task } from "./shared/on-message";
import { evaluate, nameOf, typedInput } from "./shared/typed-input";
import { Waits } from "./shared/waits";

interface WaitDef extends NodeDef {
  config?: string;
  job?: string;
  jobType?: string;
  timeout?: string | number;
}

const DEFAULT_JOB = { value: "jobId", type: "msg" };
const TEXTS = { working: "segment-wait.status.waiting", dropped: "segment-wait.warning.dropped" };

export = function (RED: NodeAPI): void {
  function SegmentWait(this: Node, def: WaitDef): void {
    RED.nodes.createNode(this, def);
    const waits = new Waits();
    onMessage(RED, this, TEXTS, (msg, task) => wait(RED, this, def, waits, msg, task));
  }
  RED.nodes.registerType("segment-wait", SegmentWait);
};

async function wait(
  RED: NodeAPI,
  node: Node,
  def: WaitDef,
  waits: Waits,
  msg: NodeMessageInFlow,
  task: Task,
): Promise<void> {
  const { readJobId, readTimeout, waitForJob } = await import("./shared/wait-for-job.js");
  const source = typedInput(def.job, def.jobType, DEFAULT_JOB);
  const given = await evaluate(RED, node, source, msg, "invalid-job");
  if (msg.reset === true) {
    waits.cancel(given === undefined || given === null ? undefined : readJobId(nameOf(source), given));
    return;
  }

  const jobId = readJobId(nameOf(source), given);
  const cancelled = waits.enter(jobId);
  try {
    const connection = connectionOfJob(RED, def.config, msg);
    const { job, timings, error } = await waitForJob(connection, jobId, {
      timeoutMs: readTimeout(def.timeout) * 1000,
      signal: AbortSignal.any([task.signal, cancelled.signal]),
    });
    if (isErrorOfWait(msg.error)) delete msg.error;
    Object.assign(msg, {
      ...(job === undefined ? {} : { payload: job }),
      segment: { ...segmentOf(msg), service: connection.service, jobId, timings },
      ...(error === undefined ? {} : { error }),
    });
    task.send(error === undefined ? [msg, null] : [null, msg]);
  } finally {
    waits.leave(cancelled);
  }
}

/** Whether an earlier wait of this message left by the second output: its error does not hold any more. */
function isErrorOfWait(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && "jobId" in error;
}
