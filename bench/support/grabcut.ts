/**
 * OpenCV's GrabCut (C. Rother, V. Kolmogorov, A. Blake, "GrabCut", ACM TOG 23(3), 2004), the usual choice without a
 * neural network. Its WebAssembly build, started by the benchmark as a `Baseline`.
 */
import sharp from "sharp";
import { pointLabel, type BoundingBox, type ImageSize, type Prompt } from "../../src/api";
import { serveBaseline, stopwatch } from "./baseline";
import { readMask } from "../../tools/dataset";
import { intersectionOverUnion } from "../../tools/rasterize";

/** The parts of OpenCV that are used here. */
interface Mat {
  data: Uint8Array;
  delete(): void;
}
interface OpenCv {
  Mat: new (rows?: number, columns?: number, type?: number) => Mat;
  Rect: new (x: number, y: number, width: number, height: number) => unknown;
  CV_8UC1: number;
  CV_8UC3: number;
  GC_BGD: number;
  GC_FGD: number;
  GC_PR_BGD: number;
  GC_PR_FGD: number;
  GC_INIT_WITH_RECT: number;
  GC_INIT_WITH_MASK: number;
  grabCut(image: Mat, mask: Mat, box: unknown, background: Mat, object: Mat, rounds: number, mode: number): void;
}

const LONG_SIDE = 384;
const ITERATIONS = 5;
/** Radius around a point that is certain, and around a foreground point that is likely: shares of the long side. */
const CERTAIN = 0.02;
const LIKELY = 0.2;

/** Returned in an object, because the module itself has a `then` that would never end an `await`. */
async function loadOpenCv(): Promise<{ cv: OpenCv }> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- its types are not those of the loaded module
  const cv = require("@techstark/opencv-js") as OpenCv & { onRuntimeInitialized?: () => void };
  await new Promise<void>((resolve) => (cv.onRuntimeInitialized = resolve));
  return { cv };
}

interface Loaded extends ImageSize {
  file: string;
  image: Mat;
}

async function readSmall(cv: OpenCv, file: string): Promise<Loaded> {
  const { data, info } = await sharp(file)
    .autoOrient()
    .removeAlpha()
    .toColourspace("srgb")
    .resize(LONG_SIDE, LONG_SIDE, { fit: "inside", withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const image = new cv.Mat(info.height, info.width, cv.CV_8UC3);
  image.data.set(data);
  return { file, image, width: info.width, height: info.height };
}

/** @returns 1 = object, one byte a pixel of the small picture */
function cutOut(cv: OpenCv, { image, width, height }: Loaded, prompt: Prompt): Uint8Array {
  const mask = new cv.Mat(height, width, cv.CV_8UC1);
  const models = [new cv.Mat(), new cv.Mat()] as const;
  const box = prompt.boundingBox && pixelBox(prompt.boundingBox, { width, height });
  const rect = box ? new cv.Rect(box.x, box.y, box.width, box.height) : new cv.Rect(0, 0, 1, 1);
  const byBox = box !== undefined && !prompt.points?.length;
  if (!byBox) mask.data.set(guess(cv, { width, height }, prompt));
  try {
    cv.grabCut(image, mask, rect, ...models, ITERATIONS, byBox ? cv.GC_INIT_WITH_RECT : cv.GC_INIT_WITH_MASK);
    return Uint8Array.from(mask.data, (label) => (label === cv.GC_FGD || label === cv.GC_PR_FGD ? 1 : 0));
  } finally {
    for (const each of [mask, ...models]) each.delete();
  }
}

/** Leaves at least one pixel of the picture outside, from which GrabCut learns the background. */
function pixelBox(
  { xMin, yMin, xMax, yMax }: BoundingBox,
  { width, height }: ImageSize,
): { x: number; y: number; width: number; height: number } {
  const x = Math.max(1, Math.floor(xMin * width));
  const y = Math.max(1, Math.floor(yMin * height));
  return {
    x,
    y,
    width: Math.max(1, Math.min(width - 1, Math.ceil(xMax * width)) - x),
    height: Math.max(1, Math.min(height - 1, Math.ceil(yMax * height)) - y),
  };
}

/** GrabCut's initial mask when there are points: certain near them, else likely inside the box or near a click. */
function guess(cv: OpenCv, { width, height }: ImageSize, { points = [], boundingBox }: Prompt): Uint8Array {
  const long = Math.max(width, height);
  const near = (x: number, y: number, label: 0 | 1, share: number): boolean =>
    points.some(
      (point) =>
        pointLabel(point) === label &&
        Math.hypot(x + 0.5 - point.x * width, y + 0.5 - point.y * height) < Math.max(1.5, share * long),
    );
  const box = boundingBox && pixelBox(boundingBox, { width, height });
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    if (near(x, y, 1, CERTAIN)) return cv.GC_FGD;
    if (near(x, y, 0, CERTAIN)) return cv.GC_BGD;
    if (box) {
      const inside = x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;
      return inside ? cv.GC_PR_FGD : cv.GC_BGD;
    }
    return near(x, y, 1, LIKELY) ? cv.GC_PR_FGD : cv.GC_PR_BGD;
  });
}

function enlarge(mask: Uint8Array, from: ImageSize, to: ImageSize): Uint8Array {
  return Uint8Array.from({ length: to.width * to.height }, (_, i) => {
    const x = Math.floor((((i % to.width) + 0.5) / to.width) * from.width);
    const y = Math.floor(((Math.floor(i / to.width) + 0.5) / to.height) * from.height);
    return mask[y * from.width + x] ?? 0;
  });
}

const opencv = loadOpenCv();
let last: Loaded | undefined;
serveBaseline(async ({ file, maskFile, prompt }) => {
  const { cv } = await opencv;
  const { mask, size } = await readMask(maskFile);
  const elapsed = stopwatch();
  if (last?.file !== file) {
    last?.image.delete();
    last = await readSmall(cv, file);
  }
  const costs = { picture: elapsed() };
  const found = cutOut(cv, last, prompt);
  return { ...costs, prompt: elapsed(), iou: intersectionOverUnion(enlarge(found, last, size), mask) };
});
