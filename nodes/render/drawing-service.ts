import type { NodeAPI } from "node-red";
import { serviceIdentity, type ConfigDef } from "../service/config-def";
import { Connection } from "../service/connection";
import { runtimeHost } from "../common/runtime-host";

/**
 * The embedded server that draws for services that don't. It has a folder of its own, as it shares neither files nor
 * options with the servers of config nodes, and starts with the first drawing. All nodes share it.
 */
export function drawingConnection(RED: NodeAPI): Connection {
  const host = runtimeHost(RED);
  const def: ConfigDef = {
    id: "",
    type: "segment-config",
    z: "",
    name: "drawing",
    service: "embedded",
    engine: "graphcut", // needs no installation; this server gets no jobs
    dataDir: "node-red-segment-drawing",
  };
  return new Connection(serviceIdentity(def, host.userDir), async () => {
    const { openService } = await import("../service/open-service.lazy.js");
    return openService(def, {}, host);
  });
}
