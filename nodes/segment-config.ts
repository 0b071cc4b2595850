import type { NodeAPI } from "node-red";
import { serviceIdentity, type ConfigCredentials, type ConfigDef } from "./shared/config-def";
import { Connection, type ConfigNode } from "./shared/connection";

export = function (RED: NodeAPI): void {
  const userDir = RED.settings.userDir ?? process.cwd();
  const log = (message: string): void => RED.log.info(message);

  function SegmentConfig(this: ConfigNode, def: ConfigDef): void {
    RED.nodes.createNode(this, def);

    this.connection = new Connection(serviceIdentity(def, userDir), async () => {
      const { openService } = await import("./shared/services.js");
      return openService(def, this.credentials, { userDir, log });
    });
    if (def.service !== "server" && def.service !== "cdf") this.connection.warmUp();

    this.on("close", (done: () => void) => {
      this.connection.close();
      done();
    });
  }

  RED.nodes.registerType<ConfigNode, ConfigDef, object, ConfigCredentials>("segment-config", SegmentConfig, {
    credentials: { clientSecret: { type: "password" }, token: { type: "password" } },
  });
};
