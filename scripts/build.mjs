// Compiles nodes/ and src/ into dist/ and copies what tsc leaves behind: the editor's HTML, icons and catalogues.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { extname } from "node:path";

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
try {
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { stdio: "inherit" });
} catch {
  process.exit(1); // tsc has said why
}
cpSync("nodes", "dist/nodes", { recursive: true, filter: (file) => extname(file) !== ".ts" });
const cli = "dist/src/server/cli.js";
if (existsSync(cli)) chmodSync(cli, 0o755);
