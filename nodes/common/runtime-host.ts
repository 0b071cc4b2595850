import type { NodeAPI } from "node-red";

/** What Node-RED says to a service that runs beside it. */
export interface Host {
  userDir: string;
  log: (message: string) => void;
}

/** A host in which other config nodes can be found. */
export interface RuntimeHost extends Host {
  /** The node of this id, if it is there. */
  nodeOf: (id: string) => unknown;
}

/** This Node-RED, as the services of config nodes need it. */
export function runtimeHost(RED: NodeAPI): RuntimeHost {
  return {
    userDir: RED.settings.userDir ?? process.cwd(),
    log: (message) => RED.log.info(message),
    nodeOf: (id) => RED.nodes.getNode(id),
  };
}
