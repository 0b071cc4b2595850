// The arrows of the architecture (docs/architecture.md): each folder, and what of ours its files may import beside their
// own folder. Whatever is not listed is refused. A folder that is not a key belongs to the key that it lies in.
import { existsSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

const ROOT = dirname(import.meta.dirname);

/** What every room of `nodes` may use. */
const PURE = ["src/api", "src/async", "src/image", "src/prompt", "src/result"];
const ROOM = ["nodes/common", "nodes/service", ...PURE, "src/client", "src/store", "src/embedded"];
const SRC = [
  "src/api",
  "src/async",
  "src/drawing",
  "src/image",
  "src/process",
  "src/store",
  "src/prompt",
  "src/result",
  "src/alarm",
  "src/client",
  "src/embedded",
  "src/engine",
  "src/server",
  "src/simulator",
  "src/cli",
];
/** What a dialog's script may import in any room: pure functions and types. */
const BROWSER = ["nodes/common", "src/api"];
const EDITORS = ["common", "config", "start", "wait", "render", "alarm"].map((name) => `nodes/${name}/editor`);
/** The engine's own rooms, for what measures and tests them. */
const ENGINES = ["graphcut", "sam", "critic", "graph", "pixels"].map((name) => `src/engine/${name}`);
const ROOMS = ["upload", "start", "wait", "render", "alarm", "config", "service", "common"].map(
  (name) => `nodes/${name}`,
);

export const ARROWS = {
  "src/api": [],
  "src/async": [],
  "src/image": [],
  "src/process": [],
  "src/drawing": ["src/api"],
  "src/prompt": ["src/api"],
  "src/alarm": ["src/api"],
  "src/store": ["src/async"],
  "src/result": ["src/api", "src/drawing"],
  "src/client": ["src/api", "src/async"],
  "src/embedded": ["src/api", "src/async", "src/process"],
  "src/engine": [
    "src/api",
    "src/async",
    "src/drawing",
    "src/process",
    "src/engine/graphcut",
    "src/engine/sam",
    "src/engine/pixels",
  ],
  // Each engine builds on what all share; neither imports the other, and nothing that both use imports one of them.
  "src/engine/graphcut": [
    "src/api",
    "src/async",
    "src/engine",
    "src/engine/critic",
    "src/engine/graph",
    "src/engine/pixels",
  ],
  "src/engine/sam": ["src/api", "src/engine", "src/engine/critic", "src/engine/pixels"],
  "src/engine/critic": ["src/api", "src/engine/pixels"],
  "src/engine/pixels": ["src/engine/graph"],
  "src/engine/graph": [],
  "src/server": ["src/api", "src/async", "src/image", "src/store", "src/engine"],
  "src/simulator": ["src/api", "src/async", "src/server"],
  "src/cli": ["src/api", "src/async", "src/engine", "src/server", "src/simulator"],

  "nodes/common": PURE,
  "nodes/service": ["nodes/common", ...PURE, "src/client", "src/embedded"],
  "nodes/upload": ROOM,
  "nodes/start": ROOM,
  "nodes/wait": ROOM,
  "nodes/render": ROOM,
  "nodes/alarm": [...ROOM, "src/alarm"],
  "nodes/config": ROOM,

  // The dialogs' scripts run in a browser: they may import only what does.
  "nodes/common/editor": BROWSER,
  "nodes/config/editor": ["nodes/common/editor", ...BROWSER],
  "nodes/start/editor": ["nodes/common/editor", "src/drawing", "src/prompt", ...BROWSER],
  "nodes/wait/editor": ["nodes/common/editor", ...BROWSER],
  "nodes/render/editor": ["nodes/common/editor", ...BROWSER],
  "nodes/alarm/editor": ["nodes/common/editor", ...BROWSER],
  nodes: [...ROOMS, ...PURE, "src/alarm"],

  tools: [...SRC, ...ENGINES],
  bench: ["tools", ...SRC, ...ENGINES],
  examples: ["tools", ...SRC],
  scripts: ["tools", ...SRC],
  lint: [],
  // A test may import whatever it tests.
  test: ["tools", "lint", "bench", "examples", "scripts", "nodes", ...ROOMS, ...EDITORS, ...SRC, ...ENGINES],
};
const FOLDERS = Object.keys(ARROWS).sort((a, b) => b.length - a.length);
// A key that is misspelt would guard nothing.
for (const folder of FOLDERS) if (!existsSync(join(ROOT, folder))) throw new Error(`There is no folder ${folder}.`);
const NATIVE = ["sharp", "onnxruntime-node", "onnxruntime-web"];

/** The folder of {@link ARROWS} that a path (from the project's root) lies in; undefined for none. */
export function folderOf(path) {
  return FOLDERS.find((folder) => path.startsWith(`${folder}/`));
}

/** The path from the project's root of the file or folder that a relative import names. */
export function importedPath(file, specifier) {
  return relative(ROOT, join(dirname(file), specifier))
    .split(sep)
    .join("/");
}

function refusalOf(file, specifier) {
  const folder = folderOf(relative(ROOT, file).split(sep).join("/"));
  if (folder === undefined) return undefined;
  if (!specifier.startsWith(".")) {
    const isNative = NATIVE.some((name) => specifier === name || specifier.startsWith(`${name}/`));
    const mayBeNative = !folder.startsWith("src/") && !folder.startsWith("nodes");
    return isNative && folder !== "src/engine" && !mayBeNative
      ? "Native code is loaded by src/engine only."
      : undefined;
  }
  // With the slash a folder that is imported by its index counts as inside of itself.
  const target = folderOf(`${importedPath(file, specifier)}/`);
  if (target === undefined || target === folder || ARROWS[folder].includes(target)) return undefined;
  return `${folder} may import only: ${ARROWS[folder].join(", ") || "nothing of ours"}.`;
}

/** The literal of each import of a file, whether static, dynamic or in a type. */
export function onImport(check) {
  return {
    ImportDeclaration: (node) => check(node.source, node),
    ExportNamedDeclaration: (node) => node.source && check(node.source, node),
    ExportAllDeclaration: (node) => check(node.source, node),
    ImportExpression: (node) => check(node.source, node),
    TSImportEqualsDeclaration: ({ moduleReference }) =>
      moduleReference.type === "TSExternalModuleReference" && check(moduleReference.expression, moduleReference),
    'CallExpression[callee.name="require"]': (node) => node.arguments[0] && check(node.arguments[0], node),
    TSImportType: (node) => check(node.source ?? node.argument.literal, node),
  };
}

export const arrows = {
  meta: { type: "problem", schema: [] },
  create: (context) =>
    onImport((source) => {
      const message = typeof source.value === "string" ? refusalOf(context.filename, source.value) : undefined;
      if (message !== undefined) context.report({ node: source, message });
    }),
};
