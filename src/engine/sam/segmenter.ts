import type { Prompt, Segment } from "../../api";
import { tracePolygons } from "../contours";
import { decodePixels, openPicture } from "../picture";
import type { EngineTask } from "../types";
import { EmbeddingCache, type Embedding } from "./embeddings";
import { INPUT_SIDE, MASK_SIDE, scaledSize, type Candidate, type SamModel } from "./model";

/** 32 pictures of 4 MB. */
const CACHE_BYTES = 32 * 256 * 64 * 64 * 4;

/** Answers prompts with a SAM model and keeps the embeddings of the last pictures. */
export class SamSegmenter {
  readonly #embeddings = new EmbeddingCache(CACHE_BYTES);

  constructor(private readonly model: SamModel) {}

  /** The sha256 of the pictures on which a prompt costs no run of the encoder. */
  get kept(): string[] {
    return this.#embeddings.keys;
  }

  /**
   * @returns one segment with all connected parts of the object, or none
   * @throws {SegmentError} `invalid-image`, `job-failed`
   */
  async segment({ file, sha256, prompt }: EngineTask): Promise<Segment[]> {
    const embedding = this.#embeddings.get(sha256) ?? (await this.#embed(file, sha256));
    return this.#answer(embedding, prompt);
  }

  /** Runs encoder and decoder once: their first two runs take about twice as long as those that follow. */
  async warmUp(): Promise<void> {
    const side = { width: 1, height: 1 };
    const embedding = await this.model.encode({ data: new Uint8Array(3), ...side }, side);
    await this.#answer(embedding, { points: [{ x: 0.5, y: 0.5 }] });
  }

  async #embed(file: string, sha256: string): Promise<Embedding> {
    const picture = await openPicture(file);
    const pixels = await decodePixels(picture, scaledSize(picture.size));
    const embedding = await this.model.encode(pixels, picture.size);
    this.#embeddings.set(sha256, embedding);
    return embedding;
  }

  async #answer(embedding: Embedding, prompt: Prompt): Promise<Segment[]> {
    const best = bestOf(await this.model.decode(embedding, prompt));
    const { scaled, size } = embedding;
    const cell = INPUT_SIDE / MASK_SIDE;
    const polygons = await tracePolygons(
      { values: best.logits, stride: MASK_SIDE, width: scaled.width / cell, height: scaled.height / cell },
      size,
    );
    return polygons.length === 0 ? [] : [{ score: Math.min(1, Math.max(0, best.iou)), polygons }];
  }
}

function bestOf(candidates: Candidate[]): Candidate {
  return candidates.reduce((best, candidate) => (candidate.iou > best.iou ? candidate : best));
}
