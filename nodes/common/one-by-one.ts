import type { Node, NodeAPI, NodeStatus } from "node-red";
import { asError } from "../../src/api/segment-error";
import { KeyedMutex } from "../../src/async/keyed-mutex";
import { onMessage, type Handler } from "./on-message";

/** What a node does that works on one message after another. */
export interface Work {
  /** Runs before the first message. */
  start: () => Promise<void>;
  /**
   * Works on a message; what it rejects with becomes the message's `done(err)`. The next message begins when it resolves.
   * Once the task's signal is aborted, it must not change anything.
   */
  handle: Handler;
  /** Resolves when what was handled so far may be reported as done. */
  settled: () => Promise<void>;
  /** The status while the last message has not failed. */
  status: () => NodeStatus;
  /** Runs when the node closes. */
  close: (removed: boolean) => Promise<void>;
}
/** Runs an action in turn with the messages, unless the node is closed by then. */
export type TakeTurn = (action: () => void) => void;

/**
 * Gives a node its input by {@link onMessage}, with a queue before it: the node works on one message at a time, in the
 * order in which they came.
 * @param dropped key of the catalogue for the text after the number of dropped messages
 */
export function oneByOne(RED: NodeAPI, node: Node, dropped: string, work: Work): TakeTurn {
  const turns = new KeyedMutex();
  let isReady = false;
  let isClosed = false;
  const inTurn = <R>(action: () => Promise<R>): Promise<R> => turns.run("all", action);
  // A rejection would end Node-RED's process.
  const report = (error: unknown): void => node.error(asError(error));

  const status = onMessage(RED, node, { dropped }, work.handle, {
    inTurn,
    working: () => undefined,
    idle: () => (isReady ? work.status() : {}),
    settled: work.settled,
    closing: (removed, underWay) => {
      isClosed = true;
      return { dropped: underWay, settled: work.close(removed).catch(report) };
    },
  });

  const ready = (): void => {
    isReady = true;
    status.refresh();
  };
  inTurn(() => work.start().finally(ready)).catch(report);
  return (action) => {
    inTurn(() => {
      if (!isClosed) action();
      status.next();
      return Promise.resolve();
    }).catch(report);
  };
}
