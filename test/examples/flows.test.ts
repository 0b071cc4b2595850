import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import RED from "node-red";
import { z } from "zod";

const ROOT = join(__dirname, "..", "..");
const EXAMPLES = join(ROOT, "examples");

const nodeSchema = z.looseObject({
  id: z.string().min(1),
  type: z.string().min(1),
  z: z.string().optional(),
  config: z.string().optional(),
  broker: z.string().optional(),
  wires: z.array(z.array(z.string())).optional(),
  credentials: z.never().optional(),
});
type FlowNode = z.infer<typeof nodeSchema>;

/** What the registry's scorecard and the editor's import menu take for an example: every JSON file below examples/. */
const FILES = readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json"));

const manifest = z
  .object({ "node-red": z.object({ nodes: z.record(z.string(), z.string()) }) })
  .parse(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")));
const OURS = Object.keys(manifest["node-red"].nodes);
const CORE = [
  ...["tab", "comment", "inject", "file in", "change", "debug", "catch", "complete", "split", "join", "switch"],
  ...["mqtt in", "mqtt out", "mqtt-broker"],
];
/** Nodes of FlowFuse Dashboard 2, which only the examples in its folder may use. */
const DASHBOARD = ["ui-base", "ui-theme", "ui-page", "ui-group", "ui-template"];

function readFlow(file: string): FlowNode[] {
  return z.array(nodeSchema).parse(JSON.parse(readFileSync(join(EXAMPLES, file), "utf8")));
}

/** Names of the `defaults` of a node's editor. */
function editorProperties(type: string): string[] {
  const html = readFileSync(join(ROOT, "nodes", `${type}.html`), "utf8");
  const [, defaults = ""] = /^ {6}defaults: \{$(.*?)^ {6}\},$/ms.exec(html) ?? [];
  return [...defaults.matchAll(/^ {8}(\w+): \{/gm)].map(([, name = ""]) => name);
}

describe("example flows", () => {
  it("are there", () => assert.ok(FILES.length > 0));

  it("show each of our nodes", () => {
    const shown = new Set(FILES.flatMap(readFlow).map(({ type }) => type));
    for (const type of OURS) assert.ok(shown.has(type), type);
  });

  for (const file of FILES) {
    describe(file, () => {
      const flow = readFlow(file);

      it("uses core nodes, ours and by its folder those of the dashboard only, with a comment and a catch node", () => {
        const types = flow.map(({ type }) => type);
        const known = [...CORE, ...OURS, ...(file.startsWith("Dashboard 2") ? DASHBOARD : [])];
        for (const type of types) assert.ok(known.includes(type), type);
        assert.ok(types.includes("comment") && types.includes("catch"));
      });

      it("is complete: each id once, and every wire, tab and config node exists", () => {
        const ids = flow.map(({ id }) => id);
        assert.equal(new Set(ids).size, ids.length);
        for (const { type, wires = [], z: tab, config, broker } of flow) {
          const links = type === "mqtt-broker" ? [] : [broker]; // there it is the broker's address
          for (const target of [...wires.flat(), tab, config, ...links]) {
            if (target !== undefined && target !== "") assert.ok(ids.includes(target), target);
          }
        }
      });

      it("holds each property that the editor knows, and no other", () => {
        for (const node of flow.filter(({ type }) => OURS.includes(type))) {
          const own = Object.keys(node).filter((name) => !["id", "type", "x", "y", "z", "wires"].includes(name));
          assert.deepEqual(own.sort(), editorProperties(node.type).sort(), node.type);
        }
      });
    });
  }
});

describe("the picture's path in Segment one image.json", () => {
  const PICTURE = "/node_modules/@visionjobs/node-red-segment/pictures/coffee.jpg";
  const CASES = [
    { where: "Linux and macOS", env: { HOME: "/home/pi" }, path: `/home/pi/.node-red${PICTURE}` },
    { where: "Windows", env: { USERPROFILE: "C:\\Users\\op" }, path: `C:\\Users\\op/.node-red${PICTURE}` },
    {
      where: "the official container",
      env: { HOME: "/usr/src/node-red", NODE_PATH: "/usr/src/node-red/node_modules:/data/node_modules" },
      path: `/data${PICTURE}`,
    },
  ];
  const NAMES = ["HOME", "USERPROFILE", "NODE_PATH"];
  const before = { ...process.env };
  const setEnvironment = (env: NodeJS.ProcessEnv): void => {
    for (const name of NAMES) Reflect.deleteProperty(process.env, name);
    for (const name of NAMES) if (env[name] !== undefined) process.env[name] = env[name];
  };
  afterEach(() => setEnvironment(before));

  for (const { where, env, path } of CASES) {
    it(`is found on ${where}`, async () => {
      setEnvironment(env);
      const node = readFlow("Segment one image.json").find(({ type }) => type === "file in");
      assert.equal(await evaluate(z.string().parse(node?.filename)), path);
    });
  }

  it("names a picture of this package", () => {
    assert.ok(existsSync(join(ROOT, PICTURE.replace("/node_modules/@visionjobs/node-red-segment/", ""))));
  });
});

/** The value of a JSONata expression as Node-RED's file node evaluates it. */
function evaluate(expression: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    RED.util.evaluateNodeProperty(expression, "jsonata", {} as never, {}, (error, value) => {
      if (error === null) resolve(value);
      else reject(error);
    });
  });
}
