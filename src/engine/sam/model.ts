import { readFile } from "node:fs/promises";
import { errorText, pointLabel, SegmentError, type ImageSize, type Prompt } from "../../api";
import type { Pixels } from "../picture";
import type { SamFiles } from "./locate";
import { exposeMaskTokens, type AllTokensModel } from "./onnx-outputs";
import { loadRuntime, openSession, type OnnxRuntime, type OnnxSession, type OnnxTensor } from "./runtime";

/** Long side of the encoder's input, and the frame of the decoder's coordinates. */
export const INPUT_SIDE = 1024;
/** Side of the decoder's low-resolution masks: one cell for 4 x 4 pixels of the encoder's input. */
export const MASK_SIDE = 256;

/** Mean and standard deviation of the channels in SAM's training (the ImageNet values, 0..255). */
const MEAN = [123.675, 116.28, 103.53] as const;
const DEVIATION = [58.395, 57.12, 57.375] as const;

const EMBEDDING_DIMS = [1, 256, 64, 64] as const;
const DECODER_INPUTS = [
  "image_embeddings",
  "point_coords",
  "point_labels",
  "mask_input",
  "has_mask_input",
  "orig_im_size",
];
const DECODER_OUTPUTS = ["iou_predictions", "low_res_masks"];

/** The decoder's labels beside 1 (foreground) and 0 (background). */
const BOX_FIRST_CORNER = 2;
const BOX_LAST_CORNER = 3;
const PADDING = -1;

/** What the encoder made of a picture. */
export interface Embedding {
  /** `[1, 256, 64, 64]`, row by row. */
  values: Float32Array;
  /** The size to which the picture was scaled for the encoder: the long side is 1024. */
  scaled: ImageSize;
}

/** The outputs of a decoder that offers only the mask of the token it chose. */
const CHOSEN_TOKEN = { masks: "low_res_masks", ious: "iou_predictions" };

/** A mask that the decoder offers. */
export interface DecodedMask {
  /** 256 x 256 logits, row by row; above 0 is the object. The picture covers `scaled.width / 4` x `scaled.height / 4`. */
  logits: Float32Array;
  /** The decoder's own estimate of its IoU; not confined to 0..1. */
  iou: number;
}

/** The size to which a picture is scaled for the encoder: the long side becomes 1024, no side less than 1. */
export function scaledSize({ width, height }: ImageSize): ImageSize {
  const scale = INPUT_SIDE / Math.max(width, height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/**
 * Encoder and decoder of the SAM family on ONNX Runtime.
 * Kirillov et al., "Segment Anything", 2023; the usual weights are those of Zhang et al., "Faster Segment Anything:
 * Towards Lightweight SAM for Mobile Applications" (MobileSAM), 2023.
 * A run blocks its thread.
 */
export class SamModel {
  /** Reused for every picture: 12 MB. */
  readonly #input = new Float32Array(3 * INPUT_SIDE * INPUT_SIDE);
  readonly #noMask = new Float32Array(MASK_SIDE * MASK_SIDE);

  private constructor(
    private readonly files: SamFiles,
    private readonly runtime: OnnxRuntime,
    private readonly encoder: OnnxSession,
    private readonly decoder: OnnxSession,
    /** Names of the outputs that hold the masks and their IoUs. */
    private readonly outputs: Pick<AllTokensModel, "masks" | "ious">,
  ) {}

  /**
   * Opens both sessions and checks that they are SAM's.
   * @param threads threads of the encoder. The decoder has one: more save it little time and cost much more CPU.
   * @throws {SegmentError} `job-failed` that names the file and what is wrong with it
   */
  static async load(files: SamFiles, threads: number): Promise<SamModel> {
    const runtime = loadRuntime(files.runtime);
    const encoder = await openSession(runtime, files.encoder, threads);
    checkEncoder(files.encoder, encoder);
    const { session: decoder, outputs } = await openDecoder(runtime, files.decoder);
    checkDecoder(files.decoder, decoder);
    return new SamModel(files, runtime, encoder, decoder, outputs);
  }

  /**
   * Computes a picture's embedding.
   * @param pixels the picture at its scaled size
   */
  async encode(pixels: Pixels): Promise<Embedding> {
    normalise(pixels, this.#input);
    const [inputName = ""] = this.encoder.inputNames;
    const input = this.#tensor(this.#input, [1, 3, INPUT_SIDE, INPUT_SIDE]);
    const outputs = await this.#run(this.encoder, this.files.encoder, { [inputName]: input });
    const values = Object.values(outputs)
      .filter((tensor) => tensor?.dims.join() === EMBEDDING_DIMS.join())
      .map((tensor) => tensor?.data)
      .find((data) => data instanceof Float32Array);
    if (values === undefined) throw unfit(this.files.encoder, `it gives no output of ${EMBEDDING_DIMS.join(" x ")}`);
    return { values, scaled: { width: pixels.width, height: pixels.height } };
  }

  /** Whether `decode` gives the masks of all four tokens. */
  get hasAllTokens(): boolean {
    return this.outputs !== CHOSEN_TOKEN;
  }

  /**
   * Computes the masks of a prompt: those of all tokens, or the one that the export chooses.
   * `orig_im_size` is kept small, for the decoder would scale its masks up to it and we only use those of low resolution.
   * @param earlierMask logits of a mask that the decoder gave for this picture, to go by
   */
  async decode(embedding: Embedding, prompt: Prompt, earlierMask?: Float32Array): Promise<DecodedMask[]> {
    const { coordinates, labels } = promptTensors(prompt, embedding.scaled);
    const outputs = await this.#run(this.decoder, this.files.decoder, {
      image_embeddings: this.#tensor(embedding.values, EMBEDDING_DIMS),
      point_coords: this.#tensor(Float32Array.from(coordinates), [1, labels.length, 2]),
      point_labels: this.#tensor(Float32Array.from(labels), [1, labels.length]),
      mask_input: this.#tensor(earlierMask ?? this.#noMask, [1, 1, MASK_SIDE, MASK_SIDE]),
      has_mask_input: this.#tensor(Float32Array.of(earlierMask ? 1 : 0), [1]),
      orig_im_size: this.#tensor(Float32Array.of(32, 32), [2]),
    });
    return this.#candidates(outputs);
  }

  #candidates(outputs: Partial<Record<string, OnnxTensor>>): DecodedMask[] {
    const cells = MASK_SIDE * MASK_SIDE;
    const masks = outputs[this.outputs.masks]?.data;
    const ious = outputs[this.outputs.ious]?.data;
    if (!(masks instanceof Float32Array) || !(ious instanceof Float32Array)) {
      throw unfit(this.files.decoder, "its masks are not 32 bit floats");
    }
    if (masks.length === 0 || masks.length !== ious.length * cells) {
      throw unfit(this.files.decoder, `its masks are not of ${MASK_SIDE} x ${MASK_SIDE}`);
    }
    return Array.from(ious, (iou, index) => ({ logits: masks.subarray(index * cells, (index + 1) * cells), iou }));
  }

  #tensor(data: Float32Array, dims: readonly number[]): OnnxTensor {
    return new this.runtime.Tensor("float32", data, dims);
  }

  async #run(
    session: OnnxSession,
    file: string,
    inputs: Record<string, OnnxTensor>,
  ): Promise<Partial<Record<string, OnnxTensor>>> {
    try {
      return await session.run(inputs);
    } catch (error) {
      throw unfit(file, errorText(error).trim());
    }
  }
}

/**
 * A prompt as the decoder wants it, in pixels of the scaled picture. A box is its two corners and no padding point;
 * points without a box get exactly one. With another number of padding points this family of exports answers with its
 * single-mask token, which is worse (measured: one point .59 instead of .68 mean IoU).
 */
export function promptTensors(
  { points = [], boundingBox }: Prompt,
  { width, height }: ImageSize,
): { coordinates: number[]; labels: number[] } {
  const marks: { x: number; y: number; label: number }[] = points.map((point) => ({
    x: point.x * width,
    y: point.y * height,
    label: pointLabel(point),
  }));
  if (boundingBox === undefined) {
    marks.push({ x: 0, y: 0, label: PADDING });
  } else {
    const { xMin, yMin, xMax, yMax } = boundingBox;
    marks.push({ x: xMin * width, y: yMin * height, label: BOX_FIRST_CORNER });
    marks.push({ x: xMax * width, y: yMax * height, label: BOX_LAST_CORNER });
  }
  return { coordinates: marks.flatMap(({ x, y }) => [x, y]), labels: marks.map(({ label }) => label) };
}

/** Opens a decoder so that it gives all its masks, if its graph is of the known form; else as it is. */
async function openDecoder(
  runtime: OnnxRuntime,
  file: string,
): Promise<{ session: OnnxSession; outputs: Pick<AllTokensModel, "masks" | "ious"> }> {
  const exposed = await readFile(file)
    .then(exposeMaskTokens)
    .catch(() => undefined);
  if (exposed !== undefined) {
    try {
      return { session: await openSession(runtime, file, 1, exposed.model), outputs: exposed };
    } catch {
      // Opened as it is below; if the file itself is the trouble, that says so.
    }
  }
  return { session: await openSession(runtime, file, 1), outputs: CHOSEN_TOKEN };
}

/** Writes the picture as three normalised planes of 1024 x 1024 at the top left; the rest is 0. */
function normalise({ data, width, height }: Pixels, planes: Float32Array): void {
  planes.fill(0);
  for (let channel = 0; channel < 3; channel++) {
    const mean = MEAN[channel] ?? 0;
    const scale = 1 / (DEVIATION[channel] ?? 1);
    for (let row = 0; row < height; row++) {
      let from = row * width * 3 + channel;
      let to = (channel * INPUT_SIDE + row) * INPUT_SIDE;
      for (const end = to + width; to < end; to++, from += 3) {
        planes[to] = ((data[from] ?? 0) - mean) * scale;
      }
    }
  }
}

function checkEncoder(file: string, { inputNames }: OnnxSession): void {
  if (inputNames.length !== 1) {
    throw unfit(file, `an encoder has one input, this one has ${inputNames.length}: ${inputNames.join(", ")}`);
  }
}

function checkDecoder(file: string, { inputNames, outputNames }: OnnxSession): void {
  const lacking = [
    ...DECODER_INPUTS.filter((name) => !inputNames.includes(name)),
    ...DECODER_OUTPUTS.filter((name) => !outputNames.includes(name)),
  ];
  if (lacking.length > 0) throw unfit(file, `a SAM decoder has ${lacking.join(", ")}, this one has not`);
  const unknown = inputNames.filter((name) => !DECODER_INPUTS.includes(name));
  if (unknown.length > 0)
    throw unfit(file, `it asks for inputs that SAM's decoder does not have: ${unknown.join(", ")}`);
}

function unfit(file: string, reason: string): SegmentError {
  return new SegmentError("job-failed", `The weights ${file} do not fit the sam engine: ${reason}`);
}
