import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { SegmentError, type SamStatus } from "../../api";
import { locateSam, type SearchOptions } from "./locate";
import { samPackages } from "./packages";

type InstalledPackage = NonNullable<SamStatus["installed"]>[number];

const manifestSchema = z.object({ version: z.string() });

/** Weights and runtime that a server with these options would use; undefined when one of them is missing. */
export function installedSam(options: SearchOptions): InstalledPackage[] | undefined {
  const { weights } = samPackages;
  try {
    const files = locateSam(options);
    // The file is {package}/dist/encoder.onnx.
    const weightsFolder = dirname(dirname(files.encoder));
    return [describe(weights.name, weightsFolder), ...files.runtimes.slice(0, 1)];
  } catch (error) {
    if (error instanceof SegmentError) return undefined;
    throw error;
  }
}

function describe(name: string, folder: string): InstalledPackage {
  return { name, version: versionIn(folder), folder };
}

/** The version of a package; empty when its manifest can't be read, as weights work without one. */
function versionIn(folder: string): string {
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))).version;
  } catch {
    return "";
  }
}
