import { z } from "zod";

const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  /** What it is for. */
  purpose: z.string(),
  licence: z.string(),
  source: z.string(),
  /** Bytes that npm fetches, about. */
  downloadBytes: z.number(),
  /** Bytes on disk, about. */
  bytes: z.number(),
});

/** What `segment-server install-sam --status` prints: whether the sam engine is installed, and what would bring it. */
export const samStatusSchema = z.object({
  /** Folder that an installation would go into. */
  dir: z.string(),
  /** The packages that an installation would bring. */
  packages: z.array(packageSchema),
  /** The packages that a server of this data directory would use. Missing unless all of them were found. */
  installed: z.array(z.object({ name: z.string(), version: z.string(), folder: z.string() })).optional(),
});
export type SamStatus = z.infer<typeof samStatusSchema>;
