import fs from "node:fs";
import path from "node:path";
import sharp from "sharp";
import type { BoundingBox, Prompt } from "../../src/api";
import { growBox } from "../../src/engine/graphcut/frame";
import type { Pixels } from "../../src/engine/picture";

/** A picture with an object's mask and prompts for it. */
export interface BenchItem {
  set: string;
  name: string;
  image: Pixels;
  /** 1 = object, one byte a pixel of `image`. */
  mask: Uint8Array;
  prompts: Record<string, Prompt>;
}

type Pair = [number, number];
type Quad = [number, number, number, number];
interface Entry {
  image: string;
  mask: string;
  fg: Pair[];
  bg: Pair[];
  box: Quad;
  loose: Quad;
}

/** Box prompts by how much wider they are on each side, and the others. */
export const MODES = ["box", "b10", "b25", "b50", "b100", "pt1", "pt3_2", "boxpt"] as const;

sharp.concurrency(1);

export async function readImage(file: string): Promise<Pixels> {
  const { data, info } = await sharp(file)
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

export async function readMask(file: string): Promise<Uint8Array> {
  const data = await sharp(file).removeAlpha().toColourspace("b-w").extractChannel(0).raw().toBuffer();
  return Uint8Array.from(data, (value) => (value > 127 ? 1 : 0));
}

export function promptsOf(box: BoundingBox, fg: Pair[], bg: Pair[]): Record<string, Prompt> {
  const points = [
    ...fg.map(([x, y]) => ({ x, y, label: 1 as const })),
    ...bg.map(([x, y]) => ({ x, y, label: 0 as const })),
  ];
  return {
    box: { boundingBox: box },
    b10: { boundingBox: growBox(box, 0.1) },
    b25: { boundingBox: growBox(box, 0.25) },
    b50: { boundingBox: growBox(box, 0.5) },
    b100: { boundingBox: growBox(box, 1) },
    pt1: { points: points.slice(0, 1) },
    pt3_2: { points },
    boxpt: { boundingBox: box, points: points.slice(0, 1) },
  };
}

/** Reads `folder`/{prompts.json, images, masks}; `limit` takes an evenly spread part. */
export async function loadSet(folder: string, limit = Infinity): Promise<BenchItem[]> {
  const entries = JSON.parse(fs.readFileSync(path.join(folder, "prompts.json"), "utf8")) as Entry[];
  const step = Math.max(1, Math.floor(entries.length / limit));
  const chosen = entries.filter((_, i) => i % step === 0).slice(0, limit);
  return Promise.all(
    chosen.map(async (entry) => ({
      set: path.basename(folder),
      name: entry.image,
      image: await readImage(path.join(folder, "images", entry.image)),
      mask: await readMask(path.join(folder, "masks", entry.mask)),
      prompts: promptsOf(
        { xMin: entry.box[0], yMin: entry.box[1], xMax: entry.box[2], yMax: entry.box[3] },
        entry.fg,
        entry.bg,
      ),
    })),
  );
}

/** IoU at the picture's size of a mask that covers a window of it. */
export function iouInPicture(
  item: BenchItem,
  { window, width, height }: { window: BoundingBox; width: number; height: number },
  mask: Uint8Array,
): number {
  let intersection = 0;
  let union = 0;
  for (let y = 0, i = 0; y < item.image.height; y += 1) {
    const fy = ((y + 0.5) / item.image.height - window.yMin) / (window.yMax - window.yMin);
    for (let x = 0; x < item.image.width; x += 1, i += 1) {
      const fx = ((x + 0.5) / item.image.width - window.xMin) / (window.xMax - window.xMin);
      const found =
        fx >= 0 && fx < 1 && fy >= 0 && fy < 1 ? mask[Math.floor(fy * height) * width + Math.floor(fx * width)]! : 0;
      intersection += found & item.mask[i]!;
      union += found | item.mask[i]!;
    }
  }
  return union === 0 ? 0 : intersection / union;
}
