import { setTimeout as sleep } from "node:timers/promises";
import type { NodeAPI, NodeMessage } from "node-red";
import { preview, SegmentError } from "../../src/api/segment-error";
import { segmentOf } from "../common/segment-of";
import { connectionOf, connectionsTo, type Connection, type ServiceRef } from "./connection";

/** A deploy closes all old nodes before it makes the new ones. */
const SUCCESSOR_PATIENCE_MS = 5000;
const SUCCESSOR_POLL_MS = 50;

/**
 * The service of a message's job: that of the config node, else the one that started the job. Only its identity when
 * several config nodes lead there, as it takes time to find one that can be used.
 * @throws {SegmentError} `no-config`; `wrong-service` when another service than the config node's started the job
 */
export function serviceOfJob(RED: NodeAPI, configId: string | undefined, msg: NodeMessage): ServiceRef {
  const startedBy = segmentOf(msg).service;
  if (configId !== undefined && configId !== "") {
    const connection = connectionOf(RED, configId);
    if (startedBy === undefined || startedBy === connection.service) return connection.ref;
    throw new SegmentError(
      "wrong-service",
      `The job was started by ${preview(startedBy)}, but this node asks ${preview(connection.service)}: ` +
        "choose the config node of segment start, or none",
    );
  }
  const [connection, ...others] = connectionsTo(startedBy);
  if (connection !== undefined) return others.length === 0 ? connection.ref : { service: connection.service };
  throw new SegmentError(
    "no-config",
    startedBy === undefined
      ? "The message does not say which service started the job (msg.segment.service): choose a config node"
      : `No config node of this Node-RED is for ${preview(startedBy)}, which started the job: choose a config node`,
  );
}

/** The connection to the service of {@link serviceOfJob}. @throws {SegmentError} as it does; `cancelled` */
export async function connectionOfJob(
  RED: NodeAPI,
  configId: string | undefined,
  msg: NodeMessage,
  signal: AbortSignal,
): Promise<Connection> {
  const { service, connection } = serviceOfJob(RED, configId, msg);
  return connection ?? successorOf(service, signal);
}

/**
 * The connection to a service whose config node was closed: that of the config node by which a deploy replaces it. Gives
 * up when there is none after 5 s, or when the signal aborts.
 * @throws {SegmentError} `no-config`; `cancelled`
 */
export async function successorOf(service: string, signal: AbortSignal): Promise<Connection> {
  const giveUpAt = performance.now() + SUCCESSOR_PATIENCE_MS;
  for (;;) {
    const connection = await connectionTo(service);
    if (connection !== undefined) return connection;
    if (signal.aborted) throw new SegmentError("cancelled", "Cancelled: wait for a new config node.");
    if (performance.now() > giveUpAt) break;
    await sleep(SUCCESSOR_POLL_MS);
  }
  throw new SegmentError(
    "no-config",
    `The config node for ${preview(service)} was removed, changed or disabled while its job was waited for: ` +
      "let a config node lead there again and send the job id to this node",
  );
}

/**
 * The connection to a service. Of several, the first whose settings can be used: an imported copy of a config node has no
 * secrets. When none can be used, the first, whose error says why.
 */
async function connectionTo(service: unknown): Promise<Connection | undefined> {
  const found = connectionsTo(service);
  if (found.length < 2) return found[0];
  for (const connection of found) if (await isUsable(connection)) return connection;
  return found[0];
}

function isUsable(connection: Connection): Promise<boolean> {
  return connection.client().then(
    () => true,
    () => false,
  );
}
