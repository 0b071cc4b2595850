import { createRequire } from "node:module";
import { z } from "zod";

const requireHere = createRequire(__filename);

/** The version of this package. */
export const VERSION = z
  .object({ version: z.string() })
  .parse(requireHere("@visionjobs/node-red-segment/package.json")).version;
