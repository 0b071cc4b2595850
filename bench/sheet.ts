/**
 * npm run bench:sheet
 *
 * Draws docs/images/sheet.jpg: the shipped pictures, a row each, with five prompts (a box, a box 50 % too wide, one
 * click, all points, box and click) and the result of each engine in its own colour, its score in that colour's frame
 * below. To be judged by eye: means over many pictures hide outlines that a person would not accept.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import type { Prompt, Segment } from "../src/api";
import { segmentColour } from "../src/drawing/palette";
import { createEngine, drawOverlay, type Engine } from "../src/engine";
import { labelWidth, numberLabel } from "../src/engine/digits";
import { EXAMPLE_PICTURES, type ExamplePicture } from "../tools/picture-prompts";
import { growBox } from "../src/engine/graphcut/frame";
import { BENCH_DATA_DIR } from "../tools/dataset";

/** In the order in which `drawOverlay` colours their segments. */
const ENGINES = ["sam", "graphcut"] as const;
const ROOT = join(__dirname, "..");
const OUT = join(ROOT, "docs", "images", "sheet.jpg");
const TILE = { width: 384, height: 288 };
const GAP = 6;
/** Below each tile: the scores. */
const STRIP = 26;

function promptsOf({ box, points }: ExamplePicture): Prompt[] {
  const first = points.slice(0, 1);
  return [
    { boundingBox: box },
    { boundingBox: growBox(box, 0.25) },
    { points: first },
    { points },
    { boundingBox: box, points: first },
  ];
}

/** The picture with the prompt and each engine's best segment, and their scores below. */
async function drawTile(engines: Engine[], file: string, prompt: Prompt): Promise<Buffer> {
  const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
  const segments: Segment[] = [];
  for (const engine of engines) {
    const [best = { score: 0, polygons: [] }] = await engine.segment({ file, sha256, prompt });
    segments.push(best);
  }
  const drawing = await drawOverlay({ file, segments, prompts: [prompt], format: "png" });
  return sharp(drawing)
    .resize(TILE.width, TILE.height, { fit: "contain", background: "white" })
    .extend({ bottom: STRIP, background: "white" })
    .composite([{ input: Buffer.from(scoresSvg(segments)), left: 0, top: TILE.height }])
    .toBuffer();
}

function scoresSvg(segments: Segment[]): string {
  const height = STRIP - 10;
  const labels = segments.map(({ score }, index) => {
    const text = score.toFixed(2);
    const x = 5 + index * 80;
    const frame = `x="${x - 3}" y="2" width="${labelWidth(text, height) + 6}" height="${height + 6}"`;
    return `<rect ${frame} fill="${segmentColour(index)}"/>${numberLabel(text, x, 5, height)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${TILE.width}" height="${STRIP}">${labels.join("")}</svg>`;
}

async function main(): Promise<void> {
  const engines = ENGINES.map((engine) =>
    createEngine({ engine, workers: 1, dataDir: BENCH_DATA_DIR, log: console.error }),
  );
  try {
    const tiles: { input: Buffer; left: number; top: number }[] = [];
    for (const [row, picture] of EXAMPLE_PICTURES.entries()) {
      for (const [column, prompt] of promptsOf(picture).entries()) {
        const input = await drawTile(engines, join(ROOT, "pictures", picture.file), prompt);
        tiles.push({ input, left: column * (TILE.width + GAP), top: row * (TILE.height + STRIP + GAP) });
      }
    }
    const width = Math.max(...tiles.map(({ left }) => left)) + TILE.width;
    const height = Math.max(...tiles.map(({ top }) => top)) + TILE.height + STRIP;
    await sharp({ create: { width, height, channels: 3, background: "white" } })
      .composite(tiles)
      .jpeg({ quality: 82, mozjpeg: true })
      .toFile(OUT);
    console.log(OUT);
  } finally {
    await Promise.all(engines.map((engine) => engine.close()));
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
