import { setMaxListeners } from "node:events";
import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow, NodeStatus } from "node-red";
import { asError } from "../../src/api/segment-error";
import { noteStatus, StatusLine } from "./status-line";

/** One message that a node works on. */
export interface Task {
  /** Aborts when the node is closed. */
  readonly signal: AbortSignal;
  /** Sends on; does nothing once the node is closed. One message for one output, or one array item an output. */
  send: Send;
}
type Outgoing = NodeMessage | (NodeMessage | NodeMessage[] | null)[];
type Send = (out: Outgoing) => void;
type Done = (failure?: Error) => void;

/** Works on a message. What it rejects with becomes the message's `done(err)`. */
export type Handler = (msg: NodeMessageInFlow, task: Task) => Promise<void>;

/** Keys of the catalogue for the texts that follow a number: "2 waiting", "2 messages were dropped …". */
export interface Texts {
  /** Not needed by a node whose status does not count its messages. */
  working?: string;
  dropped: string;
}

/** What a node changes of the usual behaviour. */
export interface Extras {
  /** The status while messages are under way, a text that starts with a digit; undefined when none are. */
  working?: () => string | undefined;
  /** A text that the status adds to the count, and shows alone when no message is under way. */
  note?: () => string | undefined;
  /** The status when no message is under way and the last one has not failed; by default the note in grey. */
  idle?: () => NodeStatus;
  /** Runs the work on a message when it is its turn; by default at once. */
  inTurn?: (work: () => Promise<Error | undefined>) => Promise<Error | undefined>;
  /** Resolves when a message whose work has ended may be reported as done. */
  settled?: () => Promise<void>;
  /** Saves what it can of the messages under way, before their work is aborted. */
  closing?: (removed: boolean, underWay: number) => Closing;
}

/** What a node that closes leaves behind. */
export interface Closing {
  /** How many messages are lost. */
  dropped: number;
  /** Resolves when no write is under way any more. Never rejects. */
  settled: Promise<void>;
}

/**
 * Gives a node its input: every message ends by exactly one `done()` or `done(err)`, the status counts the messages under
 * way, and closing the node aborts its work. A closed node sends nothing, sets no status and calls no `done`, as that
 * would reach the flow that has replaced its own; it counts the dropped messages in one warning.
 * @returns its status, to be refreshed when it changes without a message
 */
export function onMessage(RED: NodeAPI, node: Node, texts: Texts, handle: Handler, extras: Extras = {}): StatusLine {
  // One for all messages: a controller for each would weigh more than the rest of a message that waits.
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  let underWay = 0;

  const { note = () => undefined } = extras;
  const working = texts.working === undefined ? "" : RED._(texts.working);
  const count = (): string | undefined => {
    if (underWay === 0) return undefined;
    return [`${underWay} ${working}`, note()].filter((text) => text !== undefined).join(", ");
  };
  const status = new StatusLine(node, extras.working ?? count, extras.idle ?? (() => noteStatus(note())));

  const inTurn: NonNullable<Extras["inTurn"]> = extras.inTurn ?? ((work) => work());
  // In a queue the status of a message replaces that of the one before it when it ends: in between it would blink.
  const isQueued = extras.inTurn !== undefined;
  const run = async (msg: NodeMessageInFlow, send: Send, done: Done): Promise<void> => {
    underWay++;
    const task = {
      signal: closing.signal,
      send: (out: Outgoing): void => {
        if (!closing.signal.aborted) send(out);
      },
    };
    const failure = await inTurn(async () => {
      if (closing.signal.aborted) return undefined;
      if (!isQueued) status.next();
      const failure = await handle(msg, task).then(() => undefined, asError);
      underWay--;
      if (isQueued && failure === undefined) status.next();
      else status.ended(failure);
      return failure;
    });
    await extras.settled?.();
    if (!closing.signal.aborted) done(failure);
  };
  // Only Node-RED's own send, status and done can throw here: a rejection would end its process.
  const report = (error: unknown): void => node.error(asError(error));
  node.on("input", (msg, send, done) => void run(msg, send, done).catch(report));

  // Node-RED waits for a close handler only when it declares parameters.
  node.on("close", (removed: boolean, done: () => void) => {
    const lost = { dropped: underWay, settled: Promise.resolve() };
    const { dropped, settled } = extras.closing?.(removed, underWay) ?? lost;
    if (dropped > 0) node.warn(`${dropped} ${RED._(texts.dropped)}`);
    closing.abort();
    status.close();
    void settled.then(done);
  });
  return status;
}
