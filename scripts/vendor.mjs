// Bundles two packages into dist/vendor, one file each: fastify with the forty packages below it, and zod. Installed as
// dependencies they would be 4,000 files and 29 MB; and one package below fastify that needs a newer Node.js than this
// package would stop the installation by Node-RED's palette manager, which uses --engine-strict.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { buildSync } from "esbuild";

/** What each bundle exports. The exports of zod are cut down to what this package imports. */
const ENTRIES = { fastify: 'module.exports = require("fastify");', zod: 'export { z } from "zod";' };

/** Writes the bundles, and the licences of all that is in them. */
export function writeVendor(folder) {
  mkdirSync(folder, { recursive: true });
  const inputs = Object.entries(ENTRIES).flatMap(([name, contents]) => bundle(contents, join(folder, `${name}.js`)));
  const roots = new Set(inputs.map(packageOf).filter((root) => root !== undefined));
  writeFileSync(
    join(folder, "LICENSES.txt"),
    [...roots]
      .sort()
      .map(licenceOf)
      .join(`\n${"-".repeat(80)}\n\n`),
  );
}

/** The code of a compiled file, with imports of the bundled packages led to their bundles. */
export function useVendor(code, file, folder) {
  return code.replace(/\b(require|import)\("(fastify|zod)"\)/g, (_call, load, name) => {
    const path = relative(dirname(file), join(folder, `${name}.js`))
      .split(sep)
      .join("/");
    return `${load}("${path}")`;
  });
}

/** Writes a bundle. Returns the paths of the files that are in it. */
function bundle(contents, outfile) {
  const { metafile } = buildSync({
    stdin: { contents, resolveDir: process.cwd() },
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    charset: "utf8",
    metafile: true,
    outfile,
  });
  return Object.keys(metafile.inputs);
}

/** The folder of the package that a file belongs to; undefined for the entry. */
function packageOf(file) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

/** Name, version and licence of a package, and the text of the licence. A package without the text names its author. */
function licenceOf(root) {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const file = readdirSync(root).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? authorOf(manifest) : readFileSync(join(root, file), "utf8").trim();
  return `${manifest.name} ${manifest.version} (${manifest.license})\n\n${text}\n`;
}

function authorOf({ author, homepage }) {
  return `Copyright ${author?.name ?? author}, ${homepage}`;
}
