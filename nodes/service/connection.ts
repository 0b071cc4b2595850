import type { Node, NodeAPI } from "node-red";
import { SegmentError } from "../../src/api/segment-error";
import type { Job } from "../../src/api";
import type { SegmentClient, WaitOptions } from "../../src/client";
import type { ConfigCredentials } from "./config-def";
import type { ServiceHandle } from "./open-service.lazy";

/** What a config node gives to the nodes that use it. */
export class Connection {
  readonly #open: () => Promise<ServiceHandle>;
  #service: Promise<ServiceHandle> | undefined;
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
    open: () => Promise<ServiceHandle>,
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

  async #opened(): Promise<ServiceHandle> {
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

function isConfigNode(node: Node): node is ConfigNode {
  return "connection" in node && node.connection instanceof Connection;
}

/** The connections of all config nodes that lead to a service, in the order in which they were made. */
export function connectionsTo(service: unknown): Connection[] {
  return [...connections].filter((connection) => connection.service === service);
}
