// Native code must not reach Node-RED's process: a fault in it would take the whole runtime down.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { linkPackage, startNodeRed, type Flow, type RunningNodeRed } from "../../tools/node-red";
import { removeFolder } from "../../tools/remove-folder";
import { HANG_MS } from "../support/limits";

const PICTURE = join(__dirname, "../../pictures/coffee.jpg");

/** A node that writes what Node-RED's process has loaded into the file named by its property. */
const PROBE = `module.exports = (RED) => RED.nodes.registerType("probe", function (def) {
  RED.nodes.createNode(this, def);
  this.on("input", (msg, send, done) => {
    const found = {
      error: msg.error,
      status: msg.payload.status,
      libraries: process.report.getReport().sharedObjects,
      modules: Object.keys(require.cache),
    };
    require("node:fs").writeFileSync(def.file + ".new", JSON.stringify(found));
    require("node:fs").renameSync(def.file + ".new", def.file);
    done();
  });
});`;
const PROBE_HTML = `<script type="text/javascript">
  RED.nodes.registerType("probe", { category: "test", defaults: { file: { value: "" } }, inputs: 1, outputs: 0 });
</script><script type="text/html" data-template-name="probe"></script>`;

const foundSchema = z.object({
  error: z.unknown().optional(),
  status: z.string().optional(),
  libraries: z.array(z.string()),
  modules: z.array(z.string()),
});

describe("Node-RED's process", () => {
  let home: string;
  let nodeRed: RunningNodeRed | undefined;
  before(async () => {
    home = mkdtempSync(join(tmpdir(), "segment-native-"));
    const nodes = join(await linkPackage(home), "nodes");
    mkdirSync(nodes);
    writeFileSync(join(nodes, "probe.js"), PROBE);
    writeFileSync(join(nodes, "probe.html"), PROBE_HTML);
    nodeRed = await startNodeRed(home, flow(home), AbortSignal.timeout(HANG_MS));
  });
  after(async () => {
    await nodeRed?.stop();
    removeFolder(home);
  });

  it("holds no client before the first message, and no native library of ours after a whole flow", async () => {
    // The server's first message is read without the client, too.
    while (!nodeRed!.log().includes("segment server: started")) await Promise.race([delay(100), nodeRed!.crashed]);
    await nodeRed!.inject("early");
    const before = await found(join(home, "before.json"));
    assert.ok(before.modules.some((file) => file.endsWith("segment-wait.js")));
    assert.deepEqual(
      before.modules.filter((file) => /dist\/(src\/client|vendor)|node_modules\/axios\/.*js$/.test(posix(file))),
      [],
    );

    await nodeRed!.inject("go");
    const after = await found(join(home, "after.json"));
    assert.deepEqual([after.status, after.error], ["Completed", undefined]);
    assert.ok(
      after.modules.some((file) => posix(file).includes("dist/src/client")),
      "the flow went through our client",
    );
    assert.ok(
      after.modules.some((file) => posix(file).endsWith("dist/vendor/zod.js")),
      "the bundled zod is what the pattern before the flow looks for",
    );
    const native = /sharp|vips|onnxruntime/i;
    assert.deepEqual(
      after.libraries.filter((file) => native.test(file)),
      [],
    );
    const servers = /node_modules\/(@img|sharp|onnxruntime)|dist\/vendor\/fastify|dist\/src\/(engine|server)\//;
    assert.deepEqual(
      after.modules.filter((file) => file.endsWith(".js") && servers.test(posix(file))),
      [],
    );
  });

  async function found(file: string): Promise<z.infer<typeof foundSchema>> {
    while (!existsSync(file)) await Promise.race([delay(100), nodeRed!.crashed]);
    return foundSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  }
});

function posix(file: string): string {
  return file.replaceAll("\\", "/");
}

function flow(home: string): Flow {
  const node = (id: string, type: string, wires: string[][], properties: object = {}): Flow[number] => ({
    id,
    z: "tab",
    x: 0,
    y: 0,
    type,
    wires,
    ...properties,
  });
  const inject = { props: [{ p: "payload" }], payload: "{}", payloadType: "json", once: false, repeat: "" };
  const box = JSON.stringify([0.28, 0.08, 0.83, 0.97]);
  return [
    { id: "tab", type: "tab", label: "native" },
    { id: "config", type: "segment-config", name: "", service: "embedded" },
    node("early", "inject", [["before"]], inject),
    node("before", "probe", [], { file: join(home, "before.json") }),
    node("go", "inject", [["read"]], inject),
    node("read", "file in", [["upload"]], { filename: PICTURE, filenameType: "str", format: "", encoding: "none" }),
    node("upload", "segment-upload", [["start"]], { config: "config" }),
    node("start", "segment-start", [["wait"]], { config: "config", boxes: box, boxesType: "json" }),
    node("wait", "segment-wait", [["after"], ["after"]], {}),
    node("catch", "catch", [["after"]], { scope: null }),
    node("after", "probe", [], { file: join(home, "after.json") }),
  ];
}
