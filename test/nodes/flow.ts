/** Loads flows into a real Node-RED runtime and collects what its helper nodes receive. */
import { mkdtempSync, rmSync } from "node:fs";
import type { EventEmitter } from "node:events";
import type { RequestListener } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow } from "node-red";
import helper from "node-red-node-test-helper";
import { z } from "zod";
import { hostRequire } from "../../tools/node-red";
import { removeFolder } from "../../tools/remove-folder";

type NodeFile = (RED: NodeAPI) => void;
const load = createRequire(__filename);
/** Our nodes as they are shipped: built, because they load parts of themselves at the first message. */
const OUR_NODES = ["config", "upload", "start", "wait", "render", "alarm"].map(
  (name) => load(`../../dist/nodes/segment-${name}.js`) as NodeFile,
);
const JOIN_NODE = hostRequire("@node-red/nodes/core/sequence/17-split.js") as NodeFile;
/** The application of Node-RED's HTTP nodes, of the flow that was loaded last. */
export let nodeApp: RequestListener;
const APP_WATCHER: NodeFile = (RED) => {
  nodeApp = RED.httpNode;
};
const hostVersion = z.object({ version: z.string() }).parse(hostRequire("node-red/package.json")).version;
const IS_BEFORE_41 = /^(3|4\.0)\./.test(hostVersion);

export interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}
export interface Message extends NodeMessageInFlow {
  jobId?: number;
  error?: { code?: string; message: string; jobId?: number };
  segment?: Record<string, unknown>;
}

/** What Catch and Complete nodes add from Node-RED 4.1 on (`msg.error.code`, `msg.complete`); undefined before. */
export function since41<T>(value: T): T | undefined {
  return IS_BEFORE_41 ? undefined : value;
}

/** A node on the tab of {@link pipeline}. */
export function node(id: string, type: string, wires: string[][], properties: object = {}): FlowNode {
  return { id, z: "tab", x: 0, y: 0, type, wires, ...properties };
}

/** Upload → start → wait, with a helper node at every end: `completed`, `notCompleted`, `caught`, `finished`. */
export function pipeline(
  config: object,
  properties: { upload?: object; start?: object; wait?: object } = {},
): FlowNode[] {
  return [
    { id: "tab", type: "tab", label: "test" },
    { id: "config", type: "segment-config", name: "test", ...config },
    node("upload", "segment-upload", [["start"]], { config: "config", ...properties.upload }),
    node("start", "segment-start", [["wait"]], { config: "config", ...properties.start }),
    node("wait", "segment-wait", [["completed"], ["notCompleted"]], properties.wait),
    node("catch", "catch", [["caught"]], { scope: null }),
    node("complete", "complete", [["finished"]], { scope: ["upload", "start", "wait"] }),
    ...["completed", "notCompleted", "caught", "finished"].map((id) => node(id, "helper", [])),
  ];
}

type Handler = (message: Message) => void;

/** A flow that runs. Ends with {@link unload}. */
export class RunningFlow {
  readonly #messages = new Map<string, Message[]>();
  readonly #readers = new Map<string, Handler[]>();
  readonly #watched = new WeakSet<Node>();

  private constructor(private flow: FlowNode[]) {
    this.#watch();
  }

  /** @param others nodes beside ours and the core nodes that are always there */
  static async load(flow: FlowNode[], credentials: object = {}, others: NodeFile[] = []): Promise<RunningFlow> {
    await helper.load([...OUR_NODES, JOIN_NODE, APP_WATCHER, ...others], flow, credentials);
    return new RunningFlow(flow);
  }

  /** Gives a message to a node. */
  send(id: string, message: object): void {
    helper.getNode(id).receive(message as NodeMessageInFlow);
  }

  /** Lets a node send a message along its wires, where Node-RED clones it for every branch but the first. */
  emit(id: string, message: NodeMessage): void {
    helper.getNode(id).send(message);
  }

  /** The next message that a helper node receives, or has received and nobody has read. */
  next(id: string): Promise<Message> {
    const message = this.#messages.get(id)?.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => this.#readers.set(id, [...(this.#readers.get(id) ?? []), resolve]));
  }

  async nextOf(id: string, count: number): Promise<Message[]> {
    return Promise.all(Array.from({ length: count }, () => this.next(id)));
  }

  /** Messages that a helper node has received and nobody has read. */
  unread(id: string): Message[] {
    return this.#messages.get(id) ?? [];
  }

  /** Deploys the flow with changes to some of its nodes. */
  async redeploy(type: "full" | "flows" | "nodes", changes: Record<string, object>): Promise<void> {
    await this.deploy(
      type,
      this.flow.map((item) => ({ ...item, ...changes[item.id] })),
    );
  }

  /** Deploys another flow in its place. */
  async deploy(type: "full" | "flows" | "nodes", flow: FlowNode[]): Promise<void> {
    this.flow = flow;
    await helper.setFlows(flow, type);
    this.#watch();
  }

  /** Stops Node-RED's flows and starts them as after a restart: the nodes' files run again. */
  async restart(credentials: object, between: () => unknown = () => undefined): Promise<void> {
    await helper.unload();
    await between();
    await helper.load([...OUR_NODES, JOIN_NODE, APP_WATCHER], this.flow, credentials);
    this.#watch();
  }

  /** Deploys the flow without a node. */
  async remove(id: string): Promise<void> {
    this.flow = this.flow.filter((item) => item.id !== id);
    await helper.setFlows(this.flow, "nodes");
  }

  /** Resolves when a node's status has a text for which the condition holds. */
  status(id: string, condition: (text: string) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const emitter: EventEmitter = helper.getNode(id);
      emitter.on("call:status", (call: { args: [{ text?: string }] }) => {
        if (condition(call.args[0].text ?? "")) resolve();
      });
    });
  }

  #watch(): void {
    for (const { id, type } of this.flow) {
      const helperNode = type === "helper" ? helper.getNode(id) : undefined;
      if (helperNode === undefined || this.#watched.has(helperNode)) continue;
      this.#watched.add(helperNode);
      helperNode.on("input", (message) => this.#received(id, message));
    }
  }

  #received(id: string, message: Message): void {
    const reader = this.#readers.get(id)?.shift();
    if (reader !== undefined) reader(message);
    else this.#messages.set(id, [...(this.#messages.get(id) ?? []), message]);
  }
}

/** Texts that nodes logged at a level. */
export function logged(level: "info" | "warn" | "error"): string[] {
  const spy = helper.log() as unknown as {
    args: [{ level: number; msg: unknown }][];
    INFO: number;
    WARN: number;
    ERROR: number;
  };
  const wanted = { info: spy.INFO, warn: spy.WARN, error: spy.ERROR }[level];
  return spy.args.filter(([entry]) => entry.level === wanted).map(([entry]) => String(entry.msg));
}

/** Makes Node-RED use a scratch user directory for the tests of one file. */
export function useScratchUserDir(): string {
  const userDir = mkdtempSync(join(tmpdir(), "segment-flow-"));
  before(() => {
    helper.init(hostRequire.resolve("node-red"));
    helper.settings({ userDir, logging: { console: { level: "off", metrics: false, audit: false } } });
  });
  afterEach(async () => {
    await helper.unload();
    rmSync(join(userDir, "node-red-segment-waits"), { recursive: true, force: true }); // else the next test waits on
  });
  after(() => removeFolder(userDir));
  return userDir;
}
