import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import sharp from "sharp";
import { pointLabel, type ImageSize } from "../../src/api";
import { readItems, readMask, type Item } from "../../tools/dataset";
import { pointAt, type Pointers } from "./prompts";
import { drawScene } from "./scenes";
import { randomNumbers } from "../../tools/random";

/** A picture with the mask of its object (1 = object, one byte a pixel). */
export interface Example {
  set: string;
  name: string;
  file: string;
  mask: Uint8Array;
  size: ImageSize;
  pointers: Pointers;
}

/** Makes an example when it is needed. */
export interface ExampleSource {
  set: string;
  name: string;
  read: () => Promise<Example>;
}

const DRAWN = "drawn";
const FIRST_SEED = 1000;

/** The pictures of a data folder's sets, and that number of drawn ones. */
export function exampleSources(data: string, scenes: number): ExampleSource[] {
  const sets = readdirSync(data).filter((name) => existsSync(join(data, name, "prompts.json")));
  const photographed = sets.flatMap((set) =>
    readItems(join(data, set), Infinity).map((item) => ({
      set,
      name: basename(item.file),
      read: () => readExample(set, item),
    })),
  );
  const drawn = Array.from({ length: scenes }, (_, index) => {
    const name = `scene-${FIRST_SEED + index}`;
    return { set: DRAWN, name, read: () => drawExample(name, FIRST_SEED + index) };
  });
  return [...photographed, ...drawn];
}

async function readExample(set: string, { file, maskFile, prompts }: Item): Promise<Example> {
  const points = prompts.points.points ?? [];
  const box = prompts.box.boundingBox;
  if (box === undefined) throw new Error(`${file} has no box.`);
  const pointers = {
    box,
    foreground: points.filter((point) => pointLabel(point) === 1),
    background: points.filter((point) => pointLabel(point) === 0),
  };
  return { set, name: basename(file), file, pointers, ...(await readMask(maskFile)) };
}

async function drawExample(name: string, seed: number): Promise<Example> {
  const { picture, mask } = drawScene(seed);
  const size = { width: picture.width, height: picture.height };
  const file = join(sceneFolder(), `${name}.png`);
  await sharp(Buffer.from(picture.data), { raw: { ...size, channels: 3 } })
    .png()
    .toFile(file);
  return { set: DRAWN, name, file, mask, size, pointers: pointAt(mask, size, randomNumbers(seed)) };
}

let madeSceneFolder: string | undefined;

/** Removed when the process ends. */
function sceneFolder(): string {
  if (madeSceneFolder !== undefined) return madeSceneFolder;
  const folder = mkdtempSync(join(tmpdir(), "scenes-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return (madeSceneFolder = folder);
}
