import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow } from "node-red";
import { asError } from "../../src/api/segment-error";
import { KeyedMutex } from "../../src/async/keyed-mutex";

/** What a node does that works on one message after another. */
export interface Work {
  /** Is done before the first message. */
  start: () => Promise<void>;
  /**
   * Works on a message; what it rejects with becomes the message's `done(err)`. The next one begins when it resolves.
   * Once `isClosed()`, it must neither change anything nor send.
   */
  handle: (msg: NodeMessageInFlow, send: Send, isClosed: () => boolean) => Promise<void>;
  /** Resolves when what was handled so far may be reported as done. */
  settled: () => Promise<void>;
  showStatus: (failure?: Error) => void;
  /** Is done at last. */
  close: (removed: boolean) => Promise<void>;
}
/** Sends a message, several or none at each output. */
export type Send = (messages: (NodeMessage | NodeMessage[] | null)[]) => void;
/** Runs an action in turn with the messages, unless the node is closed by then. */
export type TakeTurn = (action: () => void) => void;

/**
 * Gives a node its input, one message after another: each ends by exactly one `done()` or `done(err)`. A closed node
 * sends nothing, sets no status and calls no `done`; it names the dropped messages in one warning.
 * @param dropped key of the catalogue for the text after their number
 */
export function oneByOne(RED: NodeAPI, node: Node, dropped: string, work: Work): TakeTurn {
  const turns = new KeyedMutex();
  let waiting = 0;
  let closed = false;
  const isClosed = (): boolean => closed;
  const inTurn = (action: () => Promise<void>): Promise<void> =>
    turns.run("all", () => (closed ? Promise.resolve() : action()));
  // Only what Node-RED itself throws comes here: a rejection would end its process.
  const report = (error: unknown): void => node.error(asError(error));

  inTurn(async () => {
    await work.start();
    if (!closed) work.showStatus();
  }).catch(report);

  const run = async (msg: NodeMessageInFlow, send: Send): Promise<Error | undefined> => {
    waiting++;
    const failure = await inTurn(() => work.handle(msg, send, isClosed)).then(() => undefined, asError);
    waiting--;
    if (!closed) work.showStatus(failure);
    await work.settled();
    return failure;
  };
  node.on("input", (msg, send, done) => {
    run(msg, send)
      .then((failure) => closed || done(failure))
      .catch(report);
  });

  node.on("close", (removed: boolean, done: () => void) => {
    closed = true;
    if (waiting > 0) node.warn(`${waiting} ${RED._(dropped)}`);
    node.status({});
    work.close(removed).catch(report).finally(done);
  });

  return (action) => {
    inTurn(() => {
      action();
      work.showStatus();
      return Promise.resolve();
    }).catch(report);
  };
}
