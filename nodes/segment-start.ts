import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import type { PromptInput } from "../src/prompt";
import { connectionOf, type Connection } from "./service/connection";
import { FewAtOnce } from "./start/few-at-once";
import { lazy } from "../src/async/lazy";
import { onMessage, type Task } from "./common/on-message";
import { servePromptEditor } from "./start/prompt-routes";
import { RecentPictures } from "./start/recent-pictures";
import { LatestWins } from "./start/latest-wins";
import { evaluate, isSame, typedInput, type TypedInput } from "./common/typed-input";
import { segmentOf } from "./common/segment-of";
import { topicOf } from "./common/topic";

interface StartDef extends NodeDef {
  config?: string;
  file?: string;
  fileType?: string;
  points?: string;
  pointsType?: string;
  boxes?: string;
  boxesType?: string;
  units?: string;
  candidates?: string | number;
  latestWins?: boolean;
}

const DEFAULT_FILE = { value: "payload.fileIds", type: "msg" };
const DEFAULT_POINTS = { value: "payload.points", type: "msg" };
const DEFAULT_BOXES = { value: "payload.boxes", type: "msg" };
const prompts = lazy(() => import("../src/prompt/index.js"));
const jobStarts = lazy(() => import("./start/start-jobs.lazy.js"));
const messages = lazy(() => import("./start/job-messages.lazy.js"));
const TEXTS = { working: "segment-start.status.starting", dropped: "segment-start.warning.dropped" };

/** Takes note of the picture of a message. */
type See = ReturnType<RecentPictures["watch"]>;
/** Starts the jobs of a message and sends them on. */
type Start = (msg: NodeMessageInFlow, task: Task) => Promise<Started>;
interface Started {
  connection: Connection;
  jobIds: number[];
}

export = function (RED: NodeAPI): void {
  const pictures = new RecentPictures();
  servePromptEditor(RED, pictures);

  function SegmentStart(this: Node, def: StartDef): void {
    RED.nodes.createNode(this, def);
    const see = pictures.watch(this, def.config);
    const startJobsOf: Start = (msg, task) => start(RED, this, def, see, msg, task);
    if (def.latestWins === true) startTheLatest(RED, this, startJobsOf);
    else startAll(RED, this, startJobsOf);
  }
  RED.nodes.registerType("segment-start", SegmentStart);
};

/** Starts the jobs of each message, a few messages at a time. */
function startAll(RED: NodeAPI, node: Node, start: Start): void {
  const turns = new FewAtOnce();
  onMessage(RED, node, TEXTS, (msg, task) => turns.run(task.signal, () => start(msg, task)).then(() => undefined));
}

/** Lets each topic have one unfinished message: the newest that comes meanwhile waits, the others end. */
function startTheLatest(RED: NodeAPI, node: Node, start: Start): void {
  const latest = new LatestWins();
  const text = (): string | undefined => {
    if (latest.working === 0) return undefined;
    const working = `${latest.working} ${RED._("segment-start.status.working")}`;
    return latest.skipped === 0 ? working : `${working}, ${latest.skipped} ${RED._("segment-start.status.skipped")}`;
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
      const { connection, jobIds } = await start(msg, task);
      const { whenEnded } = await jobStarts();
      void whenEnded(connection, jobIds, task.signal).then(leave);
    } catch (error) {
      leave();
      throw error;
    }
  };
  const status = onMessage(RED, node, TEXTS, handle, { working: text });
}

/** When the picture of a message was received; undefined when it does not say. */
function receivedAtOf(msg: NodeMessageInFlow): number | undefined {
  const { receivedAt } = segmentOf(msg);
  return typeof receivedAt === "number" ? receivedAt : undefined;
}

async function start(
  RED: NodeAPI,
  node: Node,
  def: StartDef,
  see: See,
  msg: NodeMessageInFlow,
  task: Task,
): Promise<Started> {
  const { buildJobs, fileReferences } = await prompts();
  const prompt = await readPrompt(RED, node, def, msg);
  // Before the prompt is checked: a node whose prompt is still to be drawn needs the picture for that.
  for (const file of fileReferences(prompt.files).slice(-1)) see(msg, file);
  const { jobs, sequence } = buildJobs(prompt);
  const connection = connectionOf(RED, def.config);
  msg.segment = { ...segmentOf(msg), service: connection.service }; // a Catch node sees it, too

  const { readCandidates, startJobs } = await jobStarts();
  const options = { candidates: readCandidates(def.candidates), signal: task.signal };
  const started = await startJobs(await connection.client(), jobs, options);

  const { jobMessages } = await messages();
  task.send([jobMessages(RED, msg, connection.service, started, sequence)]);
  return { connection, jobIds: started.map(({ answer }) => answer.jobId) };
}

async function readPrompt(RED: NodeAPI, node: Node, def: StartDef, msg: NodeMessageInFlow): Promise<PromptInput> {
  const { promptOfPayload } = await prompts();
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
