import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import { lazy } from "../src/async/lazy";
import { Semaphore } from "../src/async/semaphore";
import { onMessage, type Task } from "./common/on-message";
import { segmentOf } from "./common/segment-of";
import { topicOf } from "./common/topic";
import { concurrencyAt, connectionOf, type ServiceRef } from "./service/connection";
import { LatestWins } from "./start/latest-wins";
import { promptReader, type PromptDef } from "./start/prompt-reader";
import { servePromptEditor } from "./start/prompt-routes";
import { RecentPictures } from "./start/recent-pictures";

interface StartDef extends NodeDef, PromptDef {
  config?: string;
  candidates?: string | number;
  latestWins?: boolean;
}

const TEXTS = { working: "segment-start.status.starting", dropped: "segment-start.warning.dropped" };
/** How long (ms) a message may keep the next one waiting: its service may hold it back for minutes. */
const MAX_HOLD_MS = 250;
const prompts = lazy(() => import("../src/prompt/index.js"));
const jobStarts = lazy(() => import("./start/start-jobs.lazy.js"));
const messages = lazy(() => import("./start/job-messages.lazy.js"));

/** Starts the jobs of a message and sends their messages on. */
type Start = (msg: NodeMessageInFlow, task: Task) => Promise<Started>;
interface Started {
  service: ServiceRef;
  jobIds: number[];
}

export = function (RED: NodeAPI): void {
  const pictures = new RecentPictures();
  servePromptEditor(RED, pictures);

  function SegmentStart(this: Node, def: StartDef): void {
    RED.nodes.createNode(this, def);
    const start = starter(RED, this, def, pictures);
    if (def.latestWins === true) startTheLatest(RED, this, start);
    else startAll(RED, this, def, start);
  }
  RED.nodes.registerType("segment-start", SegmentStart);
};

/** Starts the jobs of each message, at most `concurrency` messages at a time. */
function startAll(RED: NodeAPI, node: Node, def: StartDef, start: Start): void {
  const atOnce = new Semaphore(() => concurrencyAt(RED, def.config), { maxHoldMs: MAX_HOLD_MS });
  onMessage(RED, node, TEXTS, async (msg, task) => {
    await atOnce.run(task.signal, () => start(msg, task));
  });
}

/** Lets each topic have one unfinished message. Meanwhile its newest message waits, and older ones end. */
function startTheLatest(RED: NodeAPI, node: Node, start: Start): void {
  const latest = new LatestWins();
  const working = (): string | undefined => {
    if (latest.working === 0) return undefined;
    const text = `${latest.working} ${RED._("segment-start.status.working")}`;
    return latest.skipped === 0 ? text : `${text}, ${latest.skipped} ${RED._("segment-start.status.skipped")}`;
  };
  const handle = async (msg: NodeMessageInFlow, task: Task): Promise<void> => {
    const topic = topicOf(msg);
    if (!(await latest.enter(topic, receivedAtOf(msg)))) return;
    const leave = (): void => {
      if (task.signal.aborted) return;
      latest.leave(topic);
      status.refresh();
    };
    try {
      const { service, jobIds } = await start(msg, task);
      const { whenEnded } = await jobStarts();
      void whenEnded(service, jobIds, task.signal).then(leave);
    } catch (error) {
      leave();
      throw error;
    }
  };
  const status = onMessage(RED, node, TEXTS, handle, { working });
}

/** When the picture of a message was received; undefined when the message does not say. */
function receivedAtOf(msg: NodeMessageInFlow): number | undefined {
  const { receivedAt } = segmentOf(msg);
  return typeof receivedAt === "number" ? receivedAt : undefined;
}

function starter(RED: NodeAPI, node: Node, def: StartDef, pictures: RecentPictures): Start {
  const readPrompt = promptReader(RED, node, def);
  const notePicture = pictures.watch(node, def.config);
  return async (msg, { signal, send }) => {
    const { buildJobs, fileReferences } = await prompts();
    const prompt = await readPrompt(msg);
    // Before the prompt is checked: a node whose prompt is still to be drawn needs the picture for that.
    for (const file of fileReferences(prompt.files).slice(-1)) notePicture(msg, file);
    const { jobs, sequence } = buildJobs(prompt);
    const connection = connectionOf(RED, def.config);
    msg.segment = { ...segmentOf(msg), service: connection.service }; // a Catch node sees it, too

    const { readCandidates, startJobs } = await jobStarts();
    const candidates = readCandidates(def.candidates);
    const started = await startJobs(await connection.client(), jobs, { candidates, signal });

    const { jobMessages } = await messages();
    send([jobMessages(RED, msg, connection.service, started, sequence)]);
    return { service: connection.ref, jobIds: started.map(({ jobId }) => jobId) };
  };
}
