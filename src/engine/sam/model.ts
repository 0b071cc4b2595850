import { errorText, pointLabel, SegmentError, type ImageSize, type Prompt } from "../../api";
import type { Pixels } from "../pixels/pixels";
import type { Backend, Provider, SamFiles } from "../types";
import { INPUT_LENGTH, INPUT_SIDE } from "./encoder-forms";
import { EXPORTED_OUTPUTS, openPair, PICTURE_SIZE, unfit, type OpenedPair } from "./opened-pair";
import { openOnProvider } from "./providers";
import { loadRuntime, type OnnxRuntime, type OnnxSession, type OnnxTensor } from "./runtime";

export { INPUT_SIDE } from "./encoder-forms";

/** Side of the decoder's low-resolution masks: one cell for 4 x 4 pixels of the encoder's input. */
export const MASK_SIDE = 256;

const EMBEDDING_DIMS = [1, 256, 64, 64] as const;
/** The decoder's further labels, beside 1 (foreground) and 0 (background). */
const BOX_FIRST_CORNER = 2;
const BOX_LAST_CORNER = 3;
const PADDING = -1;

/** The output of the encoder for a picture. */
export interface Embedding {
  /** `[1, 256, 64, 64]`, row by row. */
  values: Float32Array;
  /** The size to which the picture was scaled for the encoder: the long side is 1024. */
  scaled: ImageSize;
}

/** How a model is run. */
export interface RunOptions {
  /** Threads of the encoder. The decoder has one: more save it little time and cost much more CPU. */
  threads: number;
  /** Tried in this order; the processor is always the last one. */
  providers?: readonly Provider[];
  /** Called with the reason why a runtime or provider is not used. */
  log: (message: string) => void;
}

/** A mask that the decoder offers. */
export interface DecodedMask {
  /** 256 x 256 logits, row by row; above 0 is the object. The picture covers `scaled.width / 4` x `scaled.height / 4`. */
  logits: Float32Array;
  /** The decoder's own estimate of its IoU; it may be outside 0..1. */
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
  readonly #input = new Float32Array(INPUT_LENGTH);
  readonly #noMask = new Float32Array(MASK_SIDE * MASK_SIDE);

  private constructor(
    private readonly files: SamFiles,
    private readonly runtime: OnnxRuntime,
    private readonly opened: OpenedPair,
    readonly backend: Backend,
  ) {}

  /**
   * Opens both sessions and checks that they are SAM's.
   * @throws {SegmentError} `job-failed` that names the file and what is wrong with it
   */
  static async load(files: SamFiles, { threads, providers = [], log }: RunOptions): Promise<SamModel> {
    const { runtime, package: from } = loadRuntime(files.runtimes, log);
    if (runtime.env?.wasm !== undefined) runtime.env.wasm.numThreads = threads;
    const name = `${from.name} ${from.version}`;
    const open = (each: Provider): Promise<OpenedPair> => openPair(runtime, files, threads, each);
    const { opened, provider } = await openOnProvider(providers, open, name, log);
    return new SamModel(files, runtime, opened, { runtime: name, provider });
  }

  /**
   * Computes a picture's embedding.
   * @param pixels the picture at its scaled size
   */
  async encode(pixels: Pixels): Promise<Embedding> {
    const { encoder, form } = this.opened;
    const { data, dims } = form.input(pixels, this.#input);
    const [inputName = ""] = encoder.inputNames;
    const outputs = await this.#run(encoder, this.files.encoder, { [inputName]: this.#tensor(data, dims) });
    const values = Object.values(outputs)
      .filter((tensor) => tensor?.dims.join() === EMBEDDING_DIMS.join())
      .map((tensor) => tensor?.data)
      .find((data) => data instanceof Float32Array);
    if (values === undefined) throw unfit(this.files.encoder, `it gives no output of ${EMBEDDING_DIMS.join(" x ")}`);
    return { values, scaled: { width: pixels.width, height: pixels.height } };
  }

  /**
   * Computes the masks of a prompt: those of all four tokens in their order, or the one that the export chooses.
   * `orig_im_size` is small, because the decoder scales its masks up to it and only those of low resolution are used here.
   * @param earlierMask logits of an earlier mask on this picture, from which the decoder starts
   */
  async decode(embedding: Embedding, prompt: Prompt, earlierMask?: Float32Array): Promise<DecodedMask[]> {
    const { coordinates, labels } = promptTensors(prompt, embedding.scaled);
    const { decoder } = this.opened;
    const pictureSize: Record<string, OnnxTensor> = decoder.inputNames.includes(PICTURE_SIZE)
      ? { [PICTURE_SIZE]: this.#tensor(Float32Array.of(32, 32), [2]) }
      : {};
    const outputs = await this.#run(decoder, this.files.decoder, {
      image_embeddings: this.#tensor(embedding.values, EMBEDDING_DIMS),
      point_coords: this.#tensor(Float32Array.from(coordinates), [1, labels.length, 2]),
      point_labels: this.#tensor(Float32Array.from(labels), [1, labels.length]),
      mask_input: this.#tensor(earlierMask ?? this.#noMask, [1, 1, MASK_SIDE, MASK_SIDE]),
      has_mask_input: this.#tensor(Float32Array.of(earlierMask ? 1 : 0), [1]),
      ...pictureSize,
    });
    return this.#candidates(outputs);
  }

  /** The masks of all tokens; those of the export where the exposed tensors are something else. */
  #candidates(outputs: Partial<Record<string, OnnxTensor>>): DecodedMask[] {
    const { outputs: names } = this.opened;
    if (names === EXPORTED_OUTPUTS) return this.#masksOf(outputs, names);
    try {
      return this.#masksOf(outputs, names);
    } catch {
      return this.#masksOf(outputs, EXPORTED_OUTPUTS);
    }
  }

  #masksOf(outputs: Partial<Record<string, OnnxTensor>>, names: OpenedPair["outputs"]): DecodedMask[] {
    const cells = MASK_SIDE * MASK_SIDE;
    const masks = outputs[names.masks]?.data;
    const ious = outputs[names.ious]?.data;
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
      throw new SegmentError("job-failed", `The weights ${file} can't be run: ${errorText(error).trim()}`, {
        cause: error,
      });
    }
  }
}

/**
 * A prompt in the form that the decoder takes, in pixels of the scaled picture. A box is its two corners and no padding point;
 * points without a box get exactly one. With another number of padding points this family of exports returns the mask of its
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
