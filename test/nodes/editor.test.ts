import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import vm from "node:vm";
import { readSettings } from "../../nodes/service/settings.lazy";
import type { FlowNode } from "./flow";

const NODES = join(__dirname, "../../nodes");
/** As built: a dialog's script with the TypeScript that is bundled into it. */
const BUILT = join(__dirname, "../../dist/nodes");
const CATALOGUES = join(NODES, "locales/en-US");
const TYPES = readdirSync(NODES)
  .filter((file) => file.endsWith(".html"))
  .map((file) => file.replace(".html", ""));

/** Names that the editor keeps for itself or deletes on import. */
const RESERVED = new Set(
  (
    "id type wires inputs outputs x y z g d l changed dirty inputLabels outputLabels moved selected users valid " +
    "validationErrors status resize highlighted info icon credentials"
  ).split(" "),
);

/** Elements of a dialog without a property: choices that fill in other fields, and parts that a button opens. */
const HELPERS: Record<string, string[]> = {
  "segment-config": ["node-config-input-provider", "node-config-input-usetls", "segment-config-advanced-fields"],
  "segment-start": ["segment-start-prompt", "segment-start-keys"],
};

/** The reserved name that a node has among its defaults when its dialog changes it. */
const VARIABLE_OUTPUTS = "outputs";

type Validate = (this: unknown, value: unknown, opt: object) => boolean | string;

interface Field {
  value: unknown;
  type?: string;
  validate?: Validate;
}
interface Definition {
  category: string;
  color?: string;
  defaults: Record<string, Field>;
  credentials?: Record<string, { type: string; validate?: Validate }>;
  inputs?: number;
  outputs?: number;
  outputLabels?: (this: unknown, index: number) => string;
  icon?: string;
  label: (this: unknown) => string;
  paletteLabel?: string;
}

/** Runs a node's editor script as the editor does, and returns what it registers. */
function register(type: string): Definition {
  const registered: [string, Definition][] = [];
  const context = {
    RED: {
      nodes: { registerType: (name: string, definition: Definition) => registered.push([name, definition]) },
      validators: { typedInput: (options: object) => () => "allowUndefined" in options },
    },
    $: () => ({ val: () => undefined }),
  };
  const before = Object.keys(context);
  vm.runInNewContext(script(type), context);
  assert.deepEqual(Object.keys(context), before, "the script leaves no globals");
  assert.equal(registered.length, 1);
  assert.equal(registered[0]![0], type);
  return registered[0]![1];
}

const html = (type: string): string => readFileSync(join(BUILT, `${type}.html`), "utf8");
const help = (type: string): string => readFileSync(join(CATALOGUES, `${type}.html`), "utf8");

function script(type: string): string {
  const scripts = [...html(type).matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)];
  assert.equal(scripts.length, 1, "one script, with the type that the scorecard's parser looks for");
  return scripts[0]![1]!;
}

function form(type: string): string {
  const found = new RegExp(`<script type="text/html" data-template-name="${type}">([\\s\\S]*?)</script>`).exec(
    html(type),
  );
  assert.ok(found, "a dialog under the node's own name");
  return found[1]!;
}

const attributes = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`\\s${name}="([^"]*)"`, "g"))].map((match) => match[1]!);

/** All texts of a catalogue, as `segment-wait.label.job`. */
function catalogueKeys(type: string): string[] {
  const flatten = (value: unknown, path: string): string[] =>
    typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, item]) => flatten(item, path === "" ? key : `${path}.${key}`))
      : [path];
  return flatten(JSON.parse(readFileSync(join(CATALOGUES, `${type}.json`), "utf8")), "");
}

describe("the package's nodes", () => {
  it("are those of package.json, each with all its files", () => {
    const { "node-red": nodeRed } = JSON.parse(readFileSync(join(NODES, "../package.json"), "utf8")) as {
      "node-red": { nodes: Record<string, string> };
    };
    assert.deepEqual(Object.keys(nodeRed.nodes).sort(), [...TYPES].sort());
    for (const type of TYPES) {
      assert.equal(nodeRed.nodes[type], `dist/nodes/${type}.js`);
      assert.ok(existsSync(join(NODES, `${type}.ts`)));
      assert.ok(existsSync(join(CATALOGUES, `${type}.html`)) && existsSync(join(CATALOGUES, `${type}.json`)));
    }
  });
});

for (const type of TYPES) {
  describe(`editor of ${type}`, () => {
    const definition = register(type);
    const isConfig = definition.category === "config";
    const prefix = isConfig ? "node-config-input-" : "node-input-";
    const fields = [...Object.keys(definition.defaults), ...Object.keys(definition.credentials ?? {})];
    // A list of rows must not have the id of its property: the editor would save the value of that element.
    const idOf = (name: string): string =>
      `${prefix}${name}${Array.isArray(definition.defaults[name]?.value) ? "-list" : ""}`;

    it("registers itself literally and inline, without scripts from elsewhere", () => {
      assert.match(script(type), new RegExp(`RED\\.nodes\\.registerType\\("${type}", \\{`));
      assert.doesNotMatch(html(type), /<script[^>]*\ssrc=/);
    });

    it("has a field with a label for every property and credential, and no others", () => {
      const dialog = form(type);
      const ids = attributes(dialog, "id");
      assert.equal(new Set(ids).size, ids.length, "ids are unique");
      const helpers = HELPERS[type] ?? [];
      assert.deepEqual(ids.toSorted(), [...fields.map(idOf), ...helpers].toSorted());
      const labelled = attributes(dialog, "for");
      for (const id of helpers.filter((helper) => helper.startsWith(prefix))) assert.ok(labelled.includes(id), id);
      for (const id of attributes(dialog, "aria-controls")) assert.ok(ids.includes(id), id);
      for (const name of fields) {
        const hidden = new RegExp(`type="hidden"[^>]*id="${prefix}${name}"`).test(dialog);
        assert.equal(labelled.includes(idOf(name)), !hidden, name);
        // Only the type that belongs to a typed input is hidden, and the number of outputs.
        const isType = fields.includes(name.replace(/Type$/, "")) && name.endsWith("Type");
        if (hidden) assert.ok(isType || name === VARIABLE_OUTPUTS, name);
      }
    });

    it("has typed inputs with a hidden field for the type and an accessible name", () => {
      for (const name of fields.filter((field) => field.endsWith("Type"))) {
        const input = name.replace(/Type$/, "");
        assert.match(script(type), new RegExp(`\\$\\("#node-input-${input}"\\)\\.typedInput\\(`));
        assert.match(script(type), new RegExp(`typeField: "#node-input-${name}"`));
        assert.match(form(type), new RegExp(`id="node-input-${input}"[^>]*data-i18n="\\[aria-label\\]`));
      }
    });

    it("is light: the editor loads all dialogs with its page", () => {
      assert.ok(html(type).length < 100_000, `${html(type).length} characters`);
    });

    it("uses no name that the editor keeps for itself", () => {
      for (const name of fields) {
        assert.ok(name === VARIABLE_OUTPUTS || (name.length > 1 && !RESERVED.has(name)), name);
      }
    });

    it("accepts a node that was saved before a property existed", () => {
      for (const [name, field] of Object.entries(definition.defaults)) {
        const node = { _: (key: string) => key };
        assert.ok(!field.validate || field.validate.call(node, undefined, {}) === true, name);
      }
    });

    it("accepts its own default values and environment variables", () => {
      for (const [name, field] of Object.entries(definition.defaults)) {
        const node = { _: (key: string) => key };
        for (const value of [field.value, "${SEGMENT_VALUE}"]) {
          assert.ok(!field.validate || field.validate.call(node, value, {}) === true, `${name}: ${String(value)}`);
        }
      }
    });

    it("has validators with two parameters: Node-RED shows the reason of no others", () => {
      for (const [name, { validate }] of Object.entries({ ...definition.defaults, ...definition.credentials })) {
        const isOfNodeRed = `${name}Type` in definition.defaults; // of a typed input
        assert.ok(validate === undefined || isOfNodeRed || validate.length === 2, name);
      }
    });

    it("keeps secrets as credentials in password fields", () => {
      for (const [name, credential] of Object.entries(definition.credentials ?? {})) {
        assert.equal(credential.type, "password");
        assert.match(form(type), new RegExp(`type="password"\\s+id="${prefix}${name}"`));
        assert.ok(!(name in definition.defaults));
      }
    });

    it("uses the theme's colors in its dialog, and hides its icons from screen readers", () => {
      assert.doesNotMatch(form(type), /#[0-9a-f]{3,8}\b|rgb\(|hsl\(/i);
      for (const [icon] of form(type).matchAll(/<i\s[^>]*>/g)) assert.match(icon, /aria-hidden="true"/);
      for (const [button] of form(type).matchAll(/<button[^>]*>/g))
        assert.match(button, /type="button"\s+class="red-ui-button/);
    });

    it("has a light color, an existing icon and labels", () => {
      const node = { name: "my node", _: (key: string) => key };
      assert.equal(definition.label.call(node), "my node");
      assert.notEqual(definition.label.call({ _: node._ }), "");
      if (isConfig) return;
      const [red, green, blue] = definition.color!.match(/[0-9A-F]{2}/g)!.map((hex) => parseInt(hex, 16));
      assert.ok(0.299 * red! + 0.587 * green! + 0.114 * blue! > 180, "dark labels can be read on it");
      assert.ok(definition.icon!.startsWith("font-awesome/") || existsSync(join(NODES, "icons", definition.icon!)));
      assert.ok(definition.paletteLabel);
      if (definition.outputs! > 1) {
        for (let index = 0; index < definition.outputs!; index++) {
          assert.ok(catalogueKeys(type).includes(definition.outputLabels!.call(node, index)));
        }
      }
    });

    it("uses every text of its catalogue and no other", () => {
      const sources = html(type) + readFileSync(join(NODES, `${type}.ts`), "utf8");
      const used = [...sources.matchAll(new RegExp(`["\\]](${type}\\.[a-zA-Z.]+)"`, "g"))]
        .map((match) => match[1]!)
        .filter((key) => !/\.(svg|read|write)$/.test(key)); // an icon, permissions
      assert.deepEqual([...new Set(used)].toSorted(), catalogueKeys(type).toSorted());
    });

    it("has help in the form that the editor's parser reads", () => {
      const body = /<script type="text\/markdown" data-help-name="([^"]+)">\n([\s\S]*)<\/script>/.exec(help(type));
      assert.ok(body);
      assert.equal(body[1], type);
      const lines = body[2]!.split("\n");
      assert.match(lines[0]!, /^[A-Z].*\.$/, "a summary first: the palette's tooltip");
      for (const heading of isConfig ? ["Details"] : ["Inputs", "Outputs", "Details"]) {
        assert.ok(lines.includes(`### ${heading}`), heading);
      }
      for (const line of lines) {
        assert.doesNotMatch(line, /^\s+\S/, "no indentation");
        if (line.startsWith(":")) assert.match(line, /^: \*?[\w.]+\*? \([\w |]+\) : [^:]+$/, "one line, no colon");
      }
    });
  });
}

describe("editor of segment-config", () => {
  const { defaults, credentials } = register("segment-config");
  const check = (name: string, value: unknown, node: object): boolean | string => {
    const field = defaults[name] ?? credentials![name]!;
    const verdict = field.validate!.call({ _: (key: string) => key, ...node }, value, {});
    if (typeof verdict === "string") assert.ok(catalogueKeys("segment-config").includes(verdict), verdict);
    return verdict;
  };
  const error = (name: string): string => `segment-config.error.${name}`;
  const settingsOf = (fields: object) =>
    readSettings({ id: "c1", z: "", type: "segment-config", name: "", ...fields }, {});

  it("requires the fields of the chosen service", () => {
    assert.equal(check("baseUrl", "", { service: "server" }), error("baseUrl"));
    assert.equal(check("baseUrl", "", { service: "embedded" }), true);
    assert.equal(check("baseUrl", "192.168.0.1", { service: "server" }), error("url"));
    assert.equal(check("baseUrl", "http://me:secret@plant", { service: "server" }), error("password"));
    assert.equal(check("baseUrl", "http://192.168.0.1:8090", { service: "server" }), true);
    assert.equal(check("cluster", "", { service: "cdf" }), error("cluster"));
    assert.equal(check("cluster", "", { service: "cdf", baseUrl: "https://x.example" }), true);
    assert.equal(check("cluster", "https://westeurope-1.cognitedata.com", { service: "cdf" }), error("clusterName"));
    assert.equal(check("cluster", "westeurope-1", { service: "cdf" }), true);
    assert.equal(check("project", "plant 1", { service: "cdf" }), error("spaces"));
  });

  it("requires the fields of the chosen authentication", () => {
    const oauth = { service: "cdf", auth: "oauth" };
    assert.equal(check("tokenUrl", "", oauth), error("tokenUrl"));
    assert.equal(check("tokenUrl", "login.example", oauth), error("url"));
    assert.equal(check("tokenUrl", "https://login.example/{tenant}/token", oauth), error("tenant"));
    assert.equal(check("tokenUrl", "https://login.example/1/token", oauth), true);
    assert.equal(check("clientId", "", oauth), error("clientId"));
    assert.equal(check("clientSecret", "", oauth), error("clientSecret"));
    assert.equal(check("clientSecret", "__PWRD__", oauth), true);
    assert.equal(check("token", "", { service: "server", auth: "token" }), error("token"));
    for (const node of [
      { service: "embedded", auth: "oauth" },
      { service: "cdf", auth: "none" },
    ]) {
      for (const name of ["tokenUrl", "clientId", "clientSecret", "token"]) assert.equal(check(name, "", node), true);
    }
  });

  it("refuses unknown choices and several lines", () => {
    for (const name of ["service", "auth", "clientAuth", "engine"]) {
      assert.equal(check(name, "magic", {}), error("choice"), name);
      assert.equal(check(name, null, {}), true, name);
    }
    for (const name of ["scopes", "audience", "dataDir"]) assert.equal(check(name, "a\nb", {}), error("line"), name);
  });

  it("accepts the numbers that the runtime accepts, and refuses others with a reason", () => {
    for (const name of ["timeout", "retries", "concurrency", "maxPending", "maxJobs", "keepHours", "keepMegabytes"]) {
      assert.match(String(check(name, "many", {})), /error\.(wholeN|n)umber$/, name);
      assert.match(String(check(name, "-1", {})), /error\.(wholeN|n)umber$/, name);
      assert.equal(check(name, "12", {}), true, name);
      if (!(name in settingsOf({}))) continue;
      for (const value of ["0", "0.05", "0.1", "0.5", "1", "1.5", "1000000", "1e3", " 7 "]) {
        let taken = true;
        try {
          settingsOf({ [name]: value });
        } catch {
          taken = false;
        }
        assert.equal(check(name, value, {}) === true, taken, `${name}: ${value}`);
      }
    }
  });

  it("accepts every node of the first version unchanged", () => {
    const flow = JSON.parse(readFileSync(join(__dirname, "../fixtures/flow-first-version.json"), "utf8")) as object[];
    const configs = flow.filter((node): node is FlowNode => "type" in node && node.type === "segment-config");
    assert.deepEqual(new Set(configs.map(({ service }) => service)), new Set(["embedded", "server", "cdf"]));
    for (const node of configs) {
      for (const [name, { validate }] of Object.entries(defaults)) {
        if (validate !== undefined) assert.equal(check(name, node[name], node), true, `${node.id}: ${name}`);
      }
    }
  });
});

describe("editor of segment-alarm", () => {
  const { defaults } = register("segment-alarm");
  const check = (name: string, value: unknown, node: object = {}): boolean | string =>
    defaults[name]!.validate!.call({ _: (key: string) => key, ...node }, value, {});

  it("requires a limit", () => {
    assert.equal(check("high", "", { low: "" }), "segment-alarm.error.noLimit");
    assert.equal(check("low", "", { high: "" }), "segment-alarm.error.noLimit");
    assert.equal(check("high", "", { low: "1" }), true);
    assert.equal(check("low", "", { high: "${HIGH}" }), true);
  });

  it("refuses crossed limits, and a hysteresis that is wider than the gap between them", () => {
    assert.equal(check("high", "1", { low: "1" }), "segment-alarm.error.crossed");
    assert.equal(check("low", "2", { high: "1" }), "segment-alarm.error.crossed");
    assert.equal(check("low", "-2", { high: "-1" }), true);
    assert.equal(check("hysteresis", "0.2", { low: "0.2", high: "0.3" }), "segment-alarm.error.hysteresis");
    assert.equal(check("hysteresis", "0.1", { low: "0.2", high: "0.3" }), true);
    assert.equal(check("hysteresis", "5", { low: "", high: "1" }), true);
  });

  it("refuses a value that is not a number, with a reason", () => {
    assert.equal(check("high", "much", { low: "1" }), "segment-alarm.error.number");
    for (const name of ["hysteresis", "hold", "staleAfter"]) {
      for (const value of ["soon", "-1", "Infinity"]) {
        assert.equal(check(name, value), "segment-alarm.error.fromZero", name);
      }
      assert.equal(check(name, "1.5"), true, name);
    }
  });
});
