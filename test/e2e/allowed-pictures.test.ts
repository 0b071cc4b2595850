import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linkPackage, startNodeRed, type RunningNodeRed } from "../../tools/node-red";
import { scene } from "../nodes/scene";
import { removeFolder } from "../../tools/remove-folder";
import { HANG_MS } from "../support/limits";

describe("what the settings.js of a real Node-RED allows", () => {
  const home = mkdtempSync(join(tmpdir(), "segment-allowed-"));
  const pictures = join(home, "pictures");
  let nodeRed: RunningNodeRed;
  before(async () => {
    mkdirSync(pictures);
    for (const file of [join(pictures, "1.jpg"), join(home, "2.jpg")]) writeFileSync(file, await scene());
    await linkPackage(home);
    const on = { z: "tab", x: 0, y: 0 };
    const flow = [
      { id: "tab", type: "tab", label: "test" },
      { id: "config", type: "segment-config", name: "", service: "embedded" },
      inject("inside", join(pictures, "1.jpg")),
      inject("outside", join(home, "2.jpg")),
      { ...on, id: "upload", type: "segment-upload", config: "config", wires: [["sent"]] },
      { ...on, id: "catch", type: "catch", scope: null, wires: [["sent"]] },
      {
        ...on,
        id: "sent",
        type: "debug",
        active: true,
        console: true,
        complete: "true",
        targetType: "full",
        wires: [],
      },
    ];
    nodeRed = await startNodeRed(home, flow, AbortSignal.timeout(HANG_MS), { segmentAllowedFolders: [pictures] });

    function inject(id: string, payload: string): { id: string; type: string } {
      const props = [{ p: "payload" }];
      return { ...on, ...{ id, type: "inject", props, payload, payloadType: "str", once: false, wires: [["upload"]] } };
    }
  });
  after(async () => {
    await nodeRed.stop();
    removeFolder(home);
  });

  it("is read, nothing else", async () => {
    await nodeRed.inject("inside");
    await logged(/imageSize: \{ width: 320, height: 240 \}/);
    await nodeRed.inject("outside");
    await logged(/msg\.payload: the file .*2\.jpg is in no allowed folder.*segmentAllowedFolders/);
  });

  async function logged(text: RegExp): Promise<void> {
    while (!text.test(nodeRed.log()))
      await Promise.race([nodeRed.crashed, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
});
