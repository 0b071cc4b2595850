import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow, NodeStatus } from "node-red";

/** One message that a node works on. */
export interface Task {
  /** Aborts when the node is closed. */
  readonly signal: AbortSignal;
  /** Sends on; does nothing once the node is closed. One message for one output, or one array item an output. */
  send(message: Outgoing): void;
}
type Outgoing = NodeMessage | (NodeMessage | NodeMessage[] | null)[];

/** Works on a message. What it rejects with becomes the message's `done(err)`. */
export type Handler = (msg: NodeMessageInFlow, task: Task) => Promise<void>;

/** Keys of the catalogue for the texts that follow a number: "2 waiting", "2 messages were dropped …". */
export interface Texts {
  working: string;
  dropped: string;
}

/**
 * Gives a node its input: every message ends by exactly one `done()` or `done(err)`, the status counts what is under
 * way, and closing the node aborts its work. A closed node sends nothing, sets no status and calls no `done`, as that
 * would reach the flow that took its place; it names the dropped messages in one warning.
 */
export function onMessage(RED: NodeAPI, node: Node, texts: Texts, handle: Handler): void {
  const underWay = new Set<AbortController>();
  let closed = false;

  const showStatus = (failure?: Error): void => node.status(statusOf(RED, texts, underWay.size, failure));

  const run = async (msg: NodeMessageInFlow, send: (out: Outgoing) => void): Promise<Error | undefined> => {
    const abort = new AbortController();
    underWay.add(abort);
    showStatus();
    const task = {
      signal: abort.signal,
      send: (out: Outgoing): void => {
        if (!closed) send(out);
      },
    };
    const failure = await handle(msg, task).then(() => undefined, asError);
    underWay.delete(abort);
    return failure;
  };

  node.on("input", (msg, send, done) => {
    run(msg, send)
      .then((failure) => {
        if (closed) return;
        showStatus(failure);
        done(failure);
      })
      // Only Node-RED's own send, status and done can throw here: a rejection would end its process.
      .catch((error: unknown) => node.error(asError(error)));
  });

  // Node-RED waits for a close handler only when it declares parameters.
  node.on("close", (done: () => void) => {
    closed = true;
    if (underWay.size > 0) node.warn(`${underWay.size} ${RED._(texts.dropped)}`);
    for (const abort of underWay) abort.abort();
    underWay.clear();
    node.status({});
    done();
  });
}

function statusOf(RED: NodeAPI, texts: Texts, count: number, failure?: Error): NodeStatus {
  if (count > 0) return { fill: "blue", shape: "dot", text: `${count} ${RED._(texts.working)}` };
  if (failure === undefined) return {};
  return { fill: "red", shape: "ring", text: "code" in failure ? String(failure.code) : "error" };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
