import { join } from "node:path";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { Inputs } from "./common/inputs";
import { onMessage } from "./common/on-message";
import { runtimeHost } from "./common/runtime-host";
import { ageText } from "./common/status-line";
import { serviceOfJob } from "./service/service-of-job";
import { FileUses } from "./wait/file-uses";
import { flowsStarted } from "./wait/flows-started";
import { WaitHandler } from "./wait/wait-handler";
import { WaitRecords } from "./wait/wait-records";
import { Waits } from "./wait/waits";

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
    const handler = new WaitHandler({
      waits,
      job: new Inputs(RED, this, "invalid-job").of(def.job, def.jobType, DEFAULT_JOB),
      timeout: def.timeout,
      withStates: def.states === true,
      deleteFile: def.deleteFile === true,
      serviceOf: (msg) => serviceOfJob(RED, def.config, msg),
      clone: (msg) => RED.util.cloneMessage(msg),
      warn: (text) => this.warn(text),
    });
    const words = { waiting: RED._(TEXTS.working), oldest: RED._("segment-wait.status.oldest") };
    const status = onMessage(RED, this, TEXTS, (msg, task) => handler.handle(msg, task), {
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
