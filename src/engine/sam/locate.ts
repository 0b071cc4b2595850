import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { SegmentError } from "../../api";
import type { RuntimePackage, SamFiles } from "../types";
import { samPackages } from "./packages";

const manifestSchema = z.object({ name: z.string(), version: z.string() });

/** Where weights and runtimes are searched. */
export interface SearchOptions {
  /** The server's data directory; `install-sam` installs into its folder `sam`. */
  dataDir: string;
  /** The user's own weights; both or none. */
  encoder?: string;
  decoder?: string;
  /** Further folders whose `node_modules` are searched, such as Node-RED's userDir. */
  searchFolders?: string[];
}

/**
 * Finds weights and runtimes. Order: the user's own files, `{dataDir}/sam`, the given folders, the `node_modules` that
 * this package can see. Native runtimes come first, newer ones before older ones, because a newer one that the user has
 * installed may support a GPU; the rest are fallbacks.
 * @throws {SegmentError} `job-failed` that names what is missing and the command that installs it
 */
export function locateSam(options: SearchOptions): SamFiles {
  const folders = [join(options.dataDir, "sam"), ...(options.searchFolders ?? []), ...foldersAbove(__dirname)].map(
    (folder) => join(folder, "node_modules"),
  );
  return { ...locateWeights(options, folders), runtimes: locateRuntimes(options, folders) };
}

function locateWeights({ encoder, decoder, dataDir }: SearchOptions, folders: string[]): Omit<SamFiles, "runtimes"> {
  if (encoder !== undefined || decoder !== undefined) return ownWeights(encoder, decoder);
  const { name, encoder: encoderFile, decoder: decoderFile } = samPackages.weights;
  for (const folder of folders) {
    const weights = { encoder: join(folder, name, encoderFile.path), decoder: join(folder, name, decoderFile.path) };
    if (existsSync(weights.encoder) && existsSync(weights.decoder)) return weights;
  }
  throw missing(`The weights of the sam engine are not installed. ${installHint(dataDir)}`);
}

function ownWeights(encoder: string | undefined, decoder: string | undefined): Omit<SamFiles, "runtimes"> {
  if (encoder === undefined || decoder === undefined) {
    throw missing("Own weights come in pairs: give both --encoder and --decoder, or none of them.");
  }
  for (const [option, file] of Object.entries({ encoder, decoder })) {
    if (!existsSync(file)) throw missing(`The file of --${option} does not exist: ${file}`);
  }
  return { encoder, decoder };
}

function locateRuntimes({ dataDir }: SearchOptions, folders: string[]): RuntimePackage[] {
  const { native, web } = samPackages;
  const found = [native, web].flatMap(({ name }) =>
    folders
      .flatMap((folder) => runtimeIn(join(folder, name), name) ?? [])
      .sort((a, b) => b.version.localeCompare(a.version, "en", { numeric: true })),
  );
  if (found.length > 0) return found;
  throw missing(`The runtime of the sam engine, ${native.name}, is not installed. ${installHint(dataDir)}`);
}

/** The package in a folder, if its name is the wanted one: the folder may hold an alias. */
function runtimeIn(folder: string, wanted: string): RuntimePackage | undefined {
  try {
    const { name, version } = manifestSchema.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
    return name === wanted ? { name, version, folder } : undefined;
  } catch {
    return undefined;
  }
}

function installHint(dataDir: string): string {
  return (
    "In the folder where this package is installed (for Node-RED: its user directory) run: " +
    `npx segment-server install-sam --data "${dataDir}" (no restart is needed).`
  );
}

function missing(message: string): SegmentError {
  return new SegmentError("job-failed", message);
}

/** The folder itself and all above it. */
function foldersAbove(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersAbove(parent)];
}
