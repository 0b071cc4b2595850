import { z } from "zod";

const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  /** What it is for. */
  purpose: z.string(),
  licence: z.string(),
  source: z.string(),
  /** Approximate bytes that npm downloads. */
  downloadBytes: z.number(),
  /** Approximate bytes on disk. */
  bytes: z.number(),
});

/** What `segment-server install-sam --status` prints: whether the sam engine is installed, and which packages it needs. */
export const samStatusSchema = z.object({
  /** Folder of an installation. */
  dir: z.string(),
  /** The packages of an installation. */
  packages: z.array(packageSchema),
  /** The packages that a server of this data directory would use. Missing unless all of them were found. */
  installed: z.array(z.object({ name: z.string(), version: z.string(), folder: z.string() })).optional(),
});
export type SamStatus = z.infer<typeof samStatusSchema>;
