import type { NodeAPI } from "node-red";
import type { RuntimeHost } from "./config-def";

/** This Node-RED, as the services of config nodes need it. */
export function runtimeHost(RED: NodeAPI): RuntimeHost {
  return {
    userDir: RED.settings.userDir ?? process.cwd(),
    log: (message) => RED.log.info(message),
    nodeOf: (id) => RED.nodes.getNode(id),
  };
}
