/**
 * The loop that one would write without this project: sharp, the encoder, the decoder with masks of the picture's size.
 * The sam engine's cost is compared with it. Started by the benchmark as a `Baseline`.
 */
import sharp from "sharp";
import type { ImageSize, Prompt } from "../../src/api";
import type { SamFiles } from "../../src/engine";
import { locateSam } from "../../src/engine/sam/locate";
import {
  loadRuntime,
  openSession,
  type OnnxRuntime,
  type OnnxSession,
  type OnnxTensor,
} from "../../src/engine/sam/runtime";
import { serveBaseline, stopwatch, type BaselineResult, type BaselineRequest } from "./baseline";
import { BENCH_DATA_DIR, readMask } from "../../tools/dataset";
import { intersectionOverUnion } from "../../tools/rasterize";

const SIDE = 1024;
const MEAN = [123.675, 116.28, 103.53];
const DEVIATION = [58.395, 57.12, 57.375];

interface Encoded {
  file: string;
  embedding: OnnxTensor;
  scaled: ImageSize;
}

class BareLoop {
  #last: Encoded | undefined;

  private constructor(
    private readonly runtime: OnnxRuntime,
    private readonly encoder: OnnxSession,
    private readonly decoder: OnnxSession,
  ) {}

  static async open({ runtimes, encoder, decoder }: SamFiles): Promise<BareLoop> {
    const { runtime } = loadRuntime(runtimes, console.error);
    return new BareLoop(runtime, await openSession(runtime, encoder, 1), await openSession(runtime, decoder, 1));
  }

  async segment({ file, maskFile, prompt }: BaselineRequest): Promise<BaselineResult> {
    const { mask, size } = await readMask(maskFile);
    const elapsed = stopwatch();
    const picture = this.#last?.file === file ? this.#last : await this.#encode(file);
    this.#last = picture;
    const costs = { picture: elapsed() };
    const logits = await this.#decode(picture, prompt, size);
    return {
      ...costs,
      prompt: elapsed(),
      iou: intersectionOverUnion(
        Uint8Array.from(logits, (logit) => (logit > 0 ? 1 : 0)),
        mask,
      ),
    };
  }

  async #encode(file: string): Promise<Encoded> {
    const original = (await sharp(file).metadata()).autoOrient;
    const scale = SIDE / Math.max(original.width, original.height);
    const [width, height] = [Math.round(original.width * scale), Math.round(original.height * scale)];
    const upright = sharp(file).autoOrient().removeAlpha().toColourspace("srgb");
    const pixels = await upright.resize(width, height, { fit: "fill", kernel: "linear" }).raw().toBuffer();
    const input = new Float32Array(3 * SIDE * SIDE);
    for (let channel = 0; channel < 3; channel++) {
      const [mean, deviation] = [MEAN[channel] ?? 0, DEVIATION[channel] ?? 1];
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const value = pixels[(y * width + x) * 3 + channel] ?? 0;
          input[(channel * SIDE + y) * SIDE + x] = (value - mean) / deviation;
        }
      }
    }
    const [name = ""] = this.encoder.inputNames;
    const outputs = await this.encoder.run({ [name]: new this.runtime.Tensor("float32", input, [1, 3, SIDE, SIDE]) });
    const [embedding] = Object.values(outputs);
    if (embedding === undefined) throw new Error("The encoder has no output.");
    return { file, embedding, scaled: { width, height } };
  }

  async #decode({ embedding, scaled }: Encoded, prompt: Prompt, size: ImageSize): Promise<Float32Array> {
    const points = prompt.points ?? [];
    const coordinates = points.flatMap(({ x, y }) => [x * scaled.width, y * scaled.height]);
    const labels = points.map(({ label }): number => label ?? 1);
    if (prompt.boundingBox === undefined) {
      coordinates.push(0, 0);
      labels.push(-1);
    } else {
      const { xMin, yMin, xMax, yMax } = prompt.boundingBox;
      coordinates.push(xMin * scaled.width, yMin * scaled.height, xMax * scaled.width, yMax * scaled.height);
      labels.push(2, 3);
    }
    const { Tensor } = this.runtime;
    const outputs = await this.decoder.run({
      image_embeddings: embedding,
      point_coords: new Tensor("float32", Float32Array.from(coordinates), [1, labels.length, 2]),
      point_labels: new Tensor("float32", Float32Array.from(labels), [1, labels.length]),
      mask_input: new Tensor("float32", new Float32Array(256 * 256), [1, 1, 256, 256]),
      has_mask_input: new Tensor("float32", new Float32Array(1), [1]),
      orig_im_size: new Tensor("float32", Float32Array.of(size.height, size.width), [2]),
    });
    const masks = outputs.masks?.data;
    if (!(masks instanceof Float32Array)) throw new Error("The decoder's masks are not 32 bit floats.");
    return masks;
  }
}

const loop = BareLoop.open(locateSam({ dataDir: BENCH_DATA_DIR }));
serveBaseline(async (request) => (await loop).segment(request));
