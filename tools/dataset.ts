import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { z } from "zod";
import type { BoundingBox, ImageSize, Prompt } from "../src/api";
import { growBox } from "../src/engine/graphcut/frame";

/** The engine's data directory: nothing is installed there, so that the weights in `node_modules` are used. */
export const BENCH_DATA_DIR = join(tmpdir(), "bench-engine");

const fractions = z.tuple([z.number(), z.number()]);
const box = z.tuple([z.number(), z.number(), z.number(), z.number()]);

/** An entry of `prompts.json`: fractions of the picture. */
const entrySchema = z.object({
  image: z.string(),
  mask: z.string(),
  fg: z.array(fractions),
  bg: z.array(fractions),
  box,
  loose: box,
});
type Entry = z.infer<typeof entrySchema>;

/** A picture with the outline that a person drew. */
export interface Item {
  file: string;
  maskFile: string;
  prompts: Record<AnyPromptName, Prompt>;
}

/** The five prompts of the benchmark, in the order of its tables. */
export const PROMPT_NAMES = ["box", "loose", "point", "points", "box+point"] as const;
export type PromptName = (typeof PROMPT_NAMES)[number];

/** Prompts drawn in a hurry: boxes wider and higher than the object by that much, and a click anywhere on it. */
export const CARELESS_PROMPT_NAMES = ["box +25 %", "box +50 %", "box +100 %", "off centre"] as const;
export type AnyPromptName = PromptName | (typeof CARELESS_PROMPT_NAMES)[number];

/** Reads a folder with `images/`, `masks/` and `prompts.json`; with a limit, items spread evenly over it. */
export function readItems(folder: string, limit: number): Item[] {
  const entries = z.array(entrySchema).parse(JSON.parse(readFileSync(join(folder, "prompts.json"), "utf8")));
  const count = Math.min(limit, entries.length);
  const chosen = entries.filter(
    (_, index) => Math.floor((index * count) / entries.length) !== Math.floor(((index - 1) * count) / entries.length),
  );
  return chosen.map((entry) => ({
    file: join(folder, "images", entry.image),
    maskFile: join(folder, "masks", entry.mask),
    prompts: promptsOf(entry),
  }));
}

/** The true mask, row by row, 1 = object. */
export async function readMask(file: string): Promise<{ mask: Uint8Array; size: ImageSize }> {
  const { data, info } = await sharp(file)
    .removeAlpha()
    .toColourspace("b-w")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const mask = Uint8Array.from({ length: info.width * info.height }, (_, index) =>
    (data[index * info.channels] ?? 0) > 127 ? 1 : 0,
  );
  return { mask, size: { width: info.width, height: info.height } };
}

function promptsOf(entry: Entry): Item["prompts"] {
  const foreground = entry.fg.map(([x, y]) => ({ x, y, label: 1 as const }));
  const background = entry.bg.map(([x, y]) => ({ x, y, label: 0 as const }));
  const toBox = ([xMin, yMin, xMax, yMax]: z.infer<typeof box>): BoundingBox => ({ xMin, yMin, xMax, yMax });
  const tight = toBox(entry.box);
  return {
    box: { boundingBox: tight },
    loose: { boundingBox: toBox(entry.loose) },
    point: { points: foreground.slice(0, 1) },
    points: { points: [...foreground, ...background] },
    "box+point": { points: foreground.slice(0, 1), boundingBox: tight },
    "box +25 %": { boundingBox: growBox(tight, 0.125) },
    "box +50 %": { boundingBox: growBox(tight, 0.25) },
    "box +100 %": { boundingBox: growBox(tight, 0.5) },
    // The first point is deep inside the object.
    "off centre": { points: foreground.slice(-1) },
  };
}
