import type { NodeAPI } from "node-red";
import { serviceIdentity, type ConfigCredentials, type ConfigDef } from "./shared/config-def";
import { Connection, type ConfigNode } from "./shared/connection";
import { runtimeHost } from "./shared/runtime-host";
import { serveSamInstall } from "./shared/sam-install";
import type { OpenService } from "./shared/services";
import { serveConnectionTest } from "./shared/test-connection";
import { warmUp } from "./shared/warm-up";

export = function (RED: NodeAPI): void {
  const host = runtimeHost(RED);
  const open = async (def: ConfigDef, credentials: ConfigCredentials): Promise<OpenService> => {
    const { openService } = await import("./shared/services.js");
    return openService(def, credentials, host);
  };
  serveSamInstall(RED, host);
  serveConnectionTest(RED, open);

  function SegmentConfig(this: ConfigNode, def: ConfigDef): void {
    RED.nodes.createNode(this, def);

    this.connection = new Connection(serviceIdentity(def, host.userDir), () => open(def, this.credentials));
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
