import type { NodeAPI } from "node-red";
import { serviceIdentity, type ConfigCredentials, type ConfigDef } from "./shared/config-def";
import { Connection, type ConfigNode } from "./shared/connection";
import { serveSamInstall } from "./shared/sam-install";
import { warmUp } from "./shared/warm-up";

export = function (RED: NodeAPI): void {
  const userDir = RED.settings.userDir ?? process.cwd();
  const host = {
    userDir,
    log: (message: string): void => RED.log.info(message),
    nodeOf: (id: string): unknown => RED.nodes.getNode(id),
  };
  serveSamInstall(RED, host);

  function SegmentConfig(this: ConfigNode, def: ConfigDef): void {
    RED.nodes.createNode(this, def);

    this.connection = new Connection(serviceIdentity(def, userDir), async () => {
      const { openService } = await import("./shared/services.js");
      return openService(def, this.credentials, host);
    });
    const warm = warmUp(def, host);

    this.on("close", (done: () => void) => {
      this.connection.close();
      warm?.release();
      done();
    });
  }

  RED.nodes.registerType<ConfigNode, ConfigDef, object, ConfigCredentials>("segment-config", SegmentConfig, {
    credentials: { clientSecret: { type: "password" }, token: { type: "password" } },
  });
};
