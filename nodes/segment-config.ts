import type { NodeAPI } from "node-red";
import { concurrencyOf, serviceIdentity, type ConfigCredentials, type ConfigDef } from "./service/config-def";
import { Connection, type ConfigNode } from "./service/connection";
import { runtimeHost } from "./common/runtime-host";
import { serveSamInstall } from "./config/sam-install";
import type { ServiceHandle } from "./service/open-service.lazy";
import { serveConnectionTest } from "./config/test-connection";
import { warmUp } from "./config/warm-up";

export = function (RED: NodeAPI): void {
  const host = runtimeHost(RED);
  const open = async (def: ConfigDef, credentials: ConfigCredentials): Promise<ServiceHandle> => {
    const { openService } = await import("./service/open-service.lazy.js");
    return openService(def, credentials, host);
  };
  serveSamInstall(RED, host);
  serveConnectionTest(RED, open);

  function SegmentConfig(this: ConfigNode, def: ConfigDef): void {
    RED.nodes.createNode(this, def);

    const service = serviceIdentity(def, host.userDir);
    this.connection = new Connection(service, () => open(def, this.credentials), concurrencyOf(def));
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
