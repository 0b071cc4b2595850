// What may be loaded when Node-RED starts: a package that loads axios, zod and its client there would hold up every start
// of Node-RED by some hundred milliseconds, and by more on a gateway. In nodes/ a file named *.lazy.ts is loaded with the
// first message; all others are loaded at the start, and import statically only what is light.
import { relative, dirname, sep } from "node:path";
import { importedPath } from "./arrows.mjs";

const ROOT = dirname(import.meta.dirname);

/** Folders and files of src that are loaded when Node-RED starts. */
export const AT_START = [
  "src/async",
  "src/alarm",
  "src/embedded",
  "src/process",
  "src/api/segment-error",
  "src/api/engine-names",
  "src/store/content-store",
  "src/store/descriptors",
  "src/store/durable",
  "src/store/folders",
];

/** Whether a file (its path from the project's root, with or without its ending) is loaded when Node-RED starts. */
export function isLoadedAtStart(path) {
  const name = path.replace(/\.(ts|js)$/, "");
  if (name.startsWith("nodes/")) return !name.endsWith(".lazy") && !name.includes("/editor/");
  return AT_START.some((start) => name === start || name.startsWith(`${start}/`));
}

function isType(node) {
  if (node.importKind === "type" || node.exportKind === "type") return true;
  const names = node.specifiers ?? [];
  return names.length > 0 && names.every(({ importKind, exportKind }) => (importKind ?? exportKind) === "type");
}

function refusalOf(file, specifier) {
  if (specifier.startsWith("node:")) return undefined;
  const isLight = specifier.startsWith(".") && isLoadedAtStart(importedPath(file, specifier));
  if (isLight) return undefined;
  return (
    `${specifier} is not for the start of Node-RED: import its types only, or load it with the first message ` +
    "(lazy(() => import(…)), or from a file named *.lazy.ts)."
  );
}

export const loadTime = {
  meta: { type: "problem", schema: [] },
  create(context) {
    if (!isLoadedAtStart(relative(ROOT, context.filename).split(sep).join("/"))) return {};
    const check = (node) => {
      if (node.source === null || isType(node)) return;
      const message = refusalOf(context.filename, node.source.value);
      if (message !== undefined) context.report({ node: node.source, message });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      TSImportEqualsDeclaration: ({ importKind, moduleReference }) =>
        moduleReference.type === "TSExternalModuleReference" &&
        check({ importKind, source: moduleReference.expression }),
      "Program > VariableDeclaration CallExpression[callee.name='require']": (node) =>
        check({ source: node.arguments[0] }),
    };
  },
};
