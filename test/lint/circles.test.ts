import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";
import ts from "typescript";

const ROOT = join(__dirname, "..", "..");
const FOLDERS = ["nodes", "src", "tools", "bench", "examples", "scripts", "test"];

/** The files that each file imports, whether statically, dynamically or only for a type. Paths from the root. */
function readImports(): Map<string, string[]> {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => `${folder}/${name.split(sep).join("/")}`),
  );
  const known = new Set(files);
  return new Map(
    files.map((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(join(ROOT, file), "utf8"), true, true);
      const targets = importedFiles
        .filter(({ fileName }) => fileName.startsWith("."))
        .map(({ fileName }) => relative(ROOT, normalize(join(ROOT, dirname(file), fileName))).replace(/\.js$/, ""))
        .map((path) => path.split(sep).join("/"));
      return [file, targets.flatMap((path) => [`${path}.ts`, `${path}/index.ts`].filter((name) => known.has(name)))];
    }),
  );
}

/** Circles of imports, each as the path that leads back to its first file. Empty when there are none. */
function circlesOf(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) circles.push([...path.slice(start), file].join(" -> "));
    if (start >= 0 || done.has(file)) return;
    for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return circles;
}

describe("imports", () => {
  it("form no circle", () => {
    const imports = readImports();
    assert.ok(imports.size > 200, `only ${imports.size} files were read`);
    assert.deepEqual(circlesOf(imports), []);
  });

  it("that form a circle are found", () => {
    const imports = new Map([
      ["a.ts", ["b.ts"]],
      ["b.ts", ["c.ts", "d.ts"]],
      ["c.ts", []],
      ["d.ts", ["b.ts"]],
    ]);
    assert.deepEqual(circlesOf(imports), ["b.ts -> d.ts -> b.ts"]);
  });
});
