import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { SegmentError } from "../../api";
import { samPackages } from "./packages";

/** Where everything is that the sam engine needs. */
export interface SamFiles {
  /** Paths of the ONNX files. */
  encoder: string;
  decoder: string;
  /** Folder of the package onnxruntime-node. */
  runtime: string;
}

/** Where to look. */
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
 * Finds weights and runtime. Order: the user's own files, `{dataDir}/sam`, the given folders, the `node_modules` that
 * this package can see.
 * @throws {SegmentError} `job-failed` that names what is missing and the command that brings it
 */
export function locateSam(options: SearchOptions): SamFiles {
  const folders = [join(options.dataDir, "sam"), ...(options.searchFolders ?? []), ...foldersAbove(__dirname)].map(
    (folder) => join(folder, "node_modules"),
  );
  return { ...locateWeights(options, folders), runtime: locateRuntime(options, folders) };
}

function locateWeights({ encoder, decoder, dataDir }: SearchOptions, folders: string[]): Omit<SamFiles, "runtime"> {
  if (encoder !== undefined || decoder !== undefined) return ownWeights(encoder, decoder);
  const { name, encoder: encoderFile, decoder: decoderFile } = samPackages.weights;
  for (const folder of folders) {
    const weights = { encoder: join(folder, name, encoderFile.path), decoder: join(folder, name, decoderFile.path) };
    if (existsSync(weights.encoder) && existsSync(weights.decoder)) return weights;
  }
  throw missing(`The weights of the sam engine are not installed. ${installHint(dataDir)}`);
}

function ownWeights(encoder: string | undefined, decoder: string | undefined): Omit<SamFiles, "runtime"> {
  if (encoder === undefined || decoder === undefined) {
    throw missing("Own weights come in pairs: give both --encoder and --decoder, or none of them.");
  }
  for (const [option, file] of Object.entries({ encoder, decoder })) {
    if (!existsSync(file)) throw missing(`The file of --${option} does not exist: ${file}`);
  }
  return { encoder, decoder };
}

function locateRuntime({ dataDir }: SearchOptions, folders: string[]): string {
  const { name } = samPackages.runtime;
  const found = folders.map((folder) => join(folder, name)).find((folder) => existsSync(join(folder, "package.json")));
  if (found !== undefined) return found;
  throw missing(`The runtime of the sam engine, ${name}, is not installed. ${installHint(dataDir)}`);
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
