import type { Node, NodeAPI, NodeMessage } from "node-red";
import type { SegmentClient } from "../../src/client";
import type { ConfigCredentials } from "./config-def";
import type { OpenService } from "./services";

/** What a config node gives to the nodes that use it. */
export class Connection {
  readonly #open: () => Promise<OpenService>;
  #service: Promise<OpenService> | undefined;
  #client: Promise<SegmentClient> | undefined;
  #waits = 0;

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

  /** Takes hold of the service before the first message needs it. What fails is reported to the first message. */
  warmUp(): void {
    this.#opened().catch(() => undefined);
  }

  /**
   * The client of the service. It and what it needs (axios, zod) are loaded at the first call.
   * @throws {SegmentError} `no-config` when the config node's settings can't be used
   */
  client(): Promise<SegmentClient> {
    return (this.#client ??= this.#opened().then((service) => service.createClient()));
  }

  /**
   * Counts a wait in.
   * @returns the function that counts it out
   * @throws {SegmentError} `too-many-waits` when the config node's limit is reached
   */
  async enterWait(): Promise<() => void> {
    const { maxPending } = await this.#opened();
    if (this.#waits >= maxPending) {
      const { SegmentError } = await import("../../src/api/index.js");
      throw new SegmentError(
        "too-many-waits",
        `${maxPending} jobs of this service are waited for already: send fewer messages, or raise the limit in the config node`,
      );
    }
    this.#waits++;
    return () => {
      this.#waits--;
    };
  }

  /** Lets go of the service; what is under way is aborted. */
  close(): void {
    connections.delete(this);
    this.#client?.then((client) => client.close()).catch(() => undefined);
    this.#service?.then((service) => service.release()).catch(() => undefined);
  }

  #opened(): Promise<OpenService> {
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
export async function connectionOf(RED: NodeAPI, configId: string | undefined): Promise<Connection> {
  const node = configId === undefined ? null : (RED.nodes.getNode(configId) as Node | null);
  if (node !== null && isConfigNode(node)) return node.connection;
  const { SegmentError } = await import("../../src/api/index.js");
  throw new SegmentError(
    "no-config",
    "This node has no service: open it and choose a config node, and check that the config node is not disabled",
  );
}

/**
 * The connection to wait for a job with: that of the config node, else that of the service that started the job.
 * @throws {SegmentError} `no-config`; `wrong-service` when another service than the config node's started it
 */
export async function connectionOfJob(
  RED: NodeAPI,
  configId: string | undefined,
  msg: NodeMessage,
): Promise<Connection> {
  const startedBy = segmentOf(msg).service;
  if (configId !== undefined && configId !== "") {
    const connection = await connectionOf(RED, configId);
    if (startedBy === undefined || startedBy === connection.service) return connection;
    const { preview, SegmentError } = await import("../../src/api/index.js");
    throw new SegmentError(
      "wrong-service",
      `The job was started by ${preview(startedBy)}, but this node asks ${preview(connection.service)}: ` +
        "choose the config node of segment start, or none",
    );
  }
  for (const connection of connections) if (connection.service === startedBy) return connection;
  const { preview, SegmentError } = await import("../../src/api/index.js");
  throw new SegmentError(
    "no-config",
    startedBy === undefined
      ? "The message does not say which service started the job (msg.segment.service): choose a config node"
      : `No config node of this Node-RED is for ${preview(startedBy)}, which started the job: choose a config node`,
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
