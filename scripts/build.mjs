// Compiles nodes/ and src/ into dist/, bundles fastify and zod into dist/vendor, and copies the files that tsc does not
// handle: the editor's HTML, icons and catalogues. In a dialog's script, the line "// bundle FILE as NAME" is replaced by
// the bundle of that TypeScript file.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, extname, join, normalize } from "node:path";
import { buildSync } from "esbuild";
import { useVendor, writeVendor } from "./vendor.mjs";

const VENDOR = "dist/vendor";

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
try {
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { stdio: "inherit" });
} catch {
  process.exit(1); // tsc has reported the errors
}
writeVendor(VENDOR);
for (const name of readdirSync("dist", { recursive: true }).filter((entry) => extname(entry) === ".js")) {
  const file = join("dist", name);
  if (dirname(file) === normalize(VENDOR)) continue;
  const code = readFileSync(file, "utf8");
  const changed = useVendor(code, file, VENDOR);
  if (changed !== code) writeFileSync(file, changed);
}
cpSync("nodes", "dist/nodes", {
  recursive: true,
  filter: (file) => extname(file) !== ".ts" && !["editor", "tsconfig.json"].includes(basename(file)),
});
for (const file of readdirSync("dist/nodes").filter((name) => extname(name) === ".html")) {
  const path = join("dist/nodes", file);
  const html = readFileSync(path, "utf8");
  writeFileSync(
    path,
    html.replace(/^ *\/\/ bundle (\S+) as (\w+)$/gm, (_line, entry, name) => bundle(entry, name)),
  );
}
const cli = "dist/src/cli/segment-server.js";
if (existsSync(cli)) chmodSync(cli, 0o755);

/** A script that assigns the exports of the file to a variable of that name. */
function bundle(entry, name) {
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "iife",
    globalName: name,
    target: "es2022",
    charset: "utf8",
  });
  return outputFiles[0].text;
}
