import type { Prompt, Segment } from "../../api";
import { pictureCache } from "../picture-cache";
import { criticSchema } from "../critic/critic";
import criticNumbers from "../critic/critic-sam.json";
import { distinctCandidates } from "../distinct-candidates";
import { decodePixels, type Picture } from "../picture";
import { maskIou } from "../pixels/mask";
import type { Segmenter } from "../segmenter";
import type { EngineTask } from "../types";
import { chooseMasks, type ScoredMask } from "./choose-masks";
import type { EmbeddingFolder } from "./embedding-folder";
import { scaledSize, type Embedding, type SamModel } from "./model";
import { outline } from "./outline";
import { byteLength, preparePicture, type PreparedPicture } from "./prepared-picture";

const CRITIC = criticSchema.parse(criticNumbers);

/** Segments with a SAM model and keeps the embeddings of the most recent pictures. */
export class SamSegmenter implements Segmenter {
  readonly #pictures = pictureCache<PreparedPicture>(byteLength);
  /** Embeddings in memory that are not in the folder. */
  readonly #unsaved = new WeakSet<Embedding>();
  /** The embedding of the last task's picture, if it must be saved. */
  #toSave: { sha256: string; embedding: Embedding } | undefined;

  /** @param folder where embeddings are kept beyond this process */
  constructor(
    private readonly model: SamModel,
    private readonly folder?: EmbeddingFolder,
  ) {}

  /** The sha256 of the pictures on which a prompt costs no run of the encoder. */
  get kept(): string[] {
    return this.#pictures.keys;
  }

  /**
   * @returns up to `candidates` segments that differ, best first, each with all parts of its object; or none
   * @throws {SegmentError} `invalid-image`, `job-failed`
   */
  async segment({ file, sha256, prompt, candidates = 1 }: EngineTask): Promise<Segment[]> {
    const kept = this.#pictures.get(sha256);
    if (kept !== undefined && this.#unsaved.delete(kept.embedding))
      this.#toSave = { sha256, embedding: kept.embedding };
    const picture = kept ?? (await this.#prepare(file, sha256));
    const segments: Segment[] = [];
    const masks = await this.#masks(picture, prompt);
    for (const { logits, score } of distinctCandidates(masks, (one, other) => maskIou(one.mask, other.mask))) {
      if (segments.length === candidates) break;
      const polygons = await outline(logits, picture.valid, picture.edges, picture.size);
      if (polygons.length > 0) segments.push({ score, polygons });
    }
    return segments;
  }

  /** Runs encoder and decoder once: their first two runs take about twice as long as those that follow. */
  async warmUp(): Promise<void> {
    const embedding = await this.model.encode({ data: new Uint8Array(3), width: 1, height: 1 });
    await this.model.decode(embedding, { points: [{ x: 0.5, y: 0.5 }] });
  }

  /**
   * Puts the embedding of the last task's picture into the folder, if that was the second prompt on it: a camera's
   * pictures get one prompt each, and 4 MB for each of them would wear out a gateway's flash memory. Call it after the
   * response has been sent.
   * @throws {Error} of the file system
   */
  async saveEmbedding(): Promise<void> {
    const toSave = this.#toSave;
    this.#toSave = undefined;
    if (toSave !== undefined) await this.folder?.write(toSave.sha256, toSave.embedding.values);
  }

  async #prepare(file: string, sha256: string): Promise<PreparedPicture> {
    const prepared = await preparePicture(file, (picture) => this.#embed(picture, sha256));
    this.#pictures.set(sha256, prepared);
    return prepared;
  }

  async #embed(picture: Picture, sha256: string): Promise<Embedding> {
    const scaled = scaledSize(picture.size);
    const kept = await this.folder?.read(sha256);
    if (kept !== undefined) return { values: kept, scaled };
    const embedding = await this.model.encode(await decodePixels(picture, scaled));
    this.#unsaved.add(embedding);
    return embedding;
  }

  /** All masks that the model offers, best first. */
  #masks({ embedding, context }: PreparedPicture, prompt: Prompt): Promise<ScoredMask[]> {
    return chooseMasks((...args) => this.model.decode(embedding, ...args), context, CRITIC, prompt);
  }
}
