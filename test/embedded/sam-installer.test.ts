import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { removeFolder } from "../../tools/remove-folder";
import { scratchFolder } from "../support/sam-folder";

describe("an installation of the sam engine", function () {
  this.timeout(60_000);

  it("ends npm and leaves nothing behind when its Node-RED is killed", async () => {
    const dataDir = scratchFolder();
    const registry = createServer(() => undefined); // never answers
    registry.listen(0, "127.0.0.1");
    await once(registry, "listening");
    const parent = spawn(process.execPath, ["--import", "tsx", join(__dirname, "parent.ts"), dataDir, "install"], {
      stdio: "ignore",
      env: {
        ...process.env,
        npm_config_registry: `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`,
        npm_config_cache: join(dataDir, "empty-cache"),
      },
    });
    try {
      const [request] = (await once(registry, "request")) as [IncomingMessage];
      const npmIsGone = once(request.socket, "close");
      const staging = (): string[] =>
        readdirSync(join(dataDir, "sam")).filter((name) => name.startsWith(".installing"));
      assert.equal(staging().length, 1);

      parent.kill("SIGKILL");
      await npmIsGone;
      while (staging().length > 0) await sleep(50);
    } finally {
      parent.kill("SIGKILL");
      registry.closeAllConnections();
      registry.close();
      removeFolder(dataDir);
    }
  });
});
