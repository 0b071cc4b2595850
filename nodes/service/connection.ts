import type { Node, NodeAPI } from "node-red";
import { SegmentError } from "../../src/api/segment-error";
import type { Job } from "../../src/api";
import type { SegmentClient, WaitOptions } from "../../src/client";
import { CONCURRENCY, type ConfigCredentials } from "./config-def";
import type { ServiceHandle } from "./open-service.lazy";

/** The service of a job: the connection to it, or only its identity when the connection has still to be found. */
export interface ServiceRef {
  /** Identity of the service, as `msg.segment.service` holds it. */
  readonly service: string;
  readonly connection?: Connection;
}

/** What a config node gives to the nodes that use it. */
export class Connection {
  readonly #open: () => Promise<ServiceHandle>;
  #service: Promise<ServiceHandle> | undefined;
  #client: Promise<SegmentClient> | undefined;
  #waits = 0;
  #closed = false;

  /**
   * @param service identity of the service, as `msg.segment.service` holds it: the same for all config nodes that lead
   *   to one service
   * @param open reads the settings and takes hold of the service; called once, when it is needed
   * @param concurrency how many requests of the client may be under way at once
   */
  constructor(
    readonly service: string,
    open: () => Promise<ServiceHandle>,
    readonly concurrency = CONCURRENCY.fallback,
  ) {
    this.#open = open;
    connections.add(this);
  }

  get ref(): ServiceRef {
    return { service: this.service, connection: this };
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

  /** Waits for a job that no message waits for, so the config node's limit does not count it. @throws as the waiter does */
  async watch(jobId: number, options: WaitOptions): Promise<Job> {
    return (await this.client()).waiter.wait(jobId, options);
  }

  /** Releases the service and aborts the work that is under way. */
  close(): void {
    this.#closed = true;
    connections.delete(this);
    this.#client?.then((client) => client.close()).catch(() => undefined);
    this.#service?.then((service) => service.release()).catch(() => undefined);
  }

  async #opened(): Promise<ServiceHandle> {
    // A service that is opened now would never be released.
    if (this.#closed) throw new SegmentError("cancelled", "Cancelled: the config node has been closed.");
    return (this.#service ??= this.#open());
  }
}

/** The connections of all config nodes that are running, so that a job's service is found by its identity. */
const connections = new Set<Connection>();

/** A config node as other nodes see it. */
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
 * How many requests a config node allows at once; the default where there is no config node, so that the work begins and
 * fails by {@link connectionOf}.
 */
export function concurrencyAt(RED: NodeAPI, configId: string | undefined): number {
  const node = configId === undefined ? null : (RED.nodes.getNode(configId) as Node | null);
  return node !== null && isConfigNode(node) ? node.connection.concurrency : CONCURRENCY.fallback;
}

function isConfigNode(node: Node): node is ConfigNode {
  return "connection" in node && node.connection instanceof Connection;
}

/** The connections of all config nodes that lead to a service, in the order in which they were made. */
export function connectionsTo(service: unknown): Connection[] {
  return [...connections].filter((connection) => connection.service === service);
}
