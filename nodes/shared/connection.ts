import type { Node, NodeAPI, NodeMessage } from "node-red";
import { setTimeout as sleep } from "node:timers/promises";
import { preview, SegmentError } from "../../src/api/segment-error";
import type { Job } from "../../src/api";
import type { SegmentClient, WaitOptions } from "../../src/client";
import type { ConfigCredentials } from "./config-def";
import type { OpenService } from "./services";

/** A deploy closes all old nodes before it makes the new ones. */
const SUCCESSOR_PATIENCE_MS = 5000;
const SUCCESSOR_POLL_MS = 50;

/** What a config node gives to the nodes that use it. */
export class Connection {
  readonly #open: () => Promise<OpenService>;
  #service: Promise<OpenService> | undefined;
  #client: Promise<SegmentClient> | undefined;
  #waits = 0;
  #closed = false;

  /**
   * @param service identity of the service, as it stands in `msg.segment.service`: config nodes for the same service
   *   have the same
   * @param open reads the settings and takes hold of the service; called once, when it is needed
   */
  constructor(
    readonly service: string,
    open: () => Promise<OpenService>,
  ) {
    this.#open = open;
    connections.add(this);
  }

  /**
   * The client of the service. It and what it needs (axios, zod) are loaded at the first call.
   * @throws {SegmentError} `no-config` when the config node's settings can't be used
   */
  client(): Promise<SegmentClient> {
    return (this.#client ??= this.#opened().then((service) => service.createClient()));
  }

  /** Whether the service draws pictures, see `SegmentClient.draw`. @throws {SegmentError} `no-config` */
  async draws(): Promise<boolean> {
    return (await this.#opened()).draws;
  }

  /** Milliseconds for one request, as the config node says. @throws {SegmentError} `no-config` */
  async timeoutMs(): Promise<number> {
    return (await this.#opened()).timeoutMs;
  }

  /**
   * Waits for a job by the client's waiter.
   * @throws {SegmentError} as the waiter does; `too-many-waits` when the config node's limit is reached
   */
  async wait(jobId: number, options: WaitOptions): Promise<Job> {
    const { maxPending } = await this.#opened();
    if (this.#waits >= maxPending) {
      throw new SegmentError(
        "too-many-waits",
        `${maxPending} jobs of this service are waited for already: send fewer messages, or raise the limit in the config node`,
      );
    }
    this.#waits++;
    try {
      return await this.watch(jobId, options);
    } finally {
      this.#waits--;
    }
  }

  /** Waits for a job that no message waits for: the limit of the config node does not count it. @throws as the waiter */
  async watch(jobId: number, options: WaitOptions): Promise<Job> {
    return (await this.client()).waiter.wait(jobId, options);
  }

  /** Lets go of the service; what is under way is aborted. */
  close(): void {
    this.#closed = true;
    connections.delete(this);
    this.#client?.then((client) => client.close()).catch(() => undefined);
    this.#service?.then((service) => service.release()).catch(() => undefined);
  }

  async #opened(): Promise<OpenService> {
    // What is taken hold of now would never be let go of.
    if (this.#closed) throw new SegmentError("cancelled", "Cancelled: the config node has been closed.");
    return (this.#service ??= this.#open());
  }
}

/** Connections of all config nodes that live, so that a job's service is found by its identity. */
const connections = new Set<Connection>();

/** A config node as its users see it. */
export interface ConfigNode extends Node<ConfigCredentials> {
  connection: Connection;
}

/**
 * The connection of a config node.
 * @throws {SegmentError} `no-config`
 */
export function connectionOf(RED: NodeAPI, configId: string | undefined): Connection {
  const node = configId === undefined ? null : (RED.nodes.getNode(configId) as Node | null);
  if (node !== null && isConfigNode(node)) return node.connection;
  throw new SegmentError(
    "no-config",
    "This node has no service: open it and choose a config node, and check that the config node is not disabled",
  );
}

/**
 * Where a job is to be asked for: at the config node's service, else at the one that started the job.
 * @returns the connection; of several for the service only its identity, as it takes time to find one that can be used
 * @throws {SegmentError} `no-config`; `wrong-service` when another service than the config node's started it
 */
export function serviceOfJob(
  RED: NodeAPI,
  configId: string | undefined,
  msg: NodeMessage,
): Pick<Connection, "service"> {
  const startedBy = segmentOf(msg).service;
  if (configId !== undefined && configId !== "") {
    const connection = connectionOf(RED, configId);
    if (startedBy === undefined || startedBy === connection.service) return connection;
    throw new SegmentError(
      "wrong-service",
      `The job was started by ${preview(startedBy)}, but this node asks ${preview(connection.service)}: ` +
        "choose the config node of segment start, or none",
    );
  }
  const [connection, ...others] = connectionsTo(startedBy);
  if (connection !== undefined) return others.length === 0 ? connection : { service: connection.service };
  throw new SegmentError(
    "no-config",
    startedBy === undefined
      ? "The message does not say which service started the job (msg.segment.service): choose a config node"
      : `No config node of this Node-RED is for ${preview(startedBy)}, which started the job: choose a config node`,
  );
}

/** The connection to the service of {@link serviceOfJob}. @throws {SegmentError} as that does; `cancelled` */
export async function connectionOfJob(
  RED: NodeAPI,
  configId: string | undefined,
  msg: NodeMessage,
  signal: AbortSignal,
): Promise<Connection> {
  const service = serviceOfJob(RED, configId, msg);
  return service instanceof Connection ? service : successorOf(service, signal);
}

/**
 * The connection to a service whose config node was closed: that of the node which a deploy puts in its place. Gives up
 * when there is none after 5 s, or the signal aborts.
 * @throws {SegmentError} `no-config`; `cancelled`
 */
export async function successorOf({ service }: Pick<Connection, "service">, signal: AbortSignal): Promise<Connection> {
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
 * The connection to a service. Of several the first whose settings can be used, as an imported copy of a config node
 * comes without its secrets; where none can, the first, which says why.
 */
async function connectionTo(service: unknown): Promise<Connection | undefined> {
  const found = connectionsTo(service);
  if (found.length < 2) return found[0];
  for (const connection of found) if (await isUsable(connection)) return connection;
  return found[0];
}

function connectionsTo(service: unknown): Connection[] {
  return [...connections].filter((connection) => connection.service === service);
}

function isUsable(connection: Connection): Promise<boolean> {
  return connection.client().then(
    () => true,
    () => false,
  );
}

function isConfigNode(node: Node): node is ConfigNode {
  return "connection" in node && node.connection instanceof Connection;
}

/** Our own object in a message; empty when there is none. */
export function segmentOf(msg: NodeMessage): Record<string, unknown> {
  const { segment } = msg;
  return typeof segment === "object" && segment !== null ? { ...segment } : {};
}
