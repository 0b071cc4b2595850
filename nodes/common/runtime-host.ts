import type { NodeAPI } from "node-red";

/** The parts of Node-RED that a service needs. */
export interface Host {
  userDir: string;
  log: (message: string) => void;
}

/** A host in which other config nodes can be found. */
export interface RuntimeHost extends Host {
  /** The node of this id, if it runs. */
  nodeOf: (id: string) => unknown;
}

/** The host that this Node-RED is. */
export function runtimeHost(RED: NodeAPI): RuntimeHost {
  return {
    userDir: RED.settings.userDir ?? process.cwd(),
    log: (message) => RED.log.info(message),
    nodeOf: (id) => RED.nodes.getNode(id),
  };
}
