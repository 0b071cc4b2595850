import type { Prompt, Segment } from "../../api";
import { ByteCache } from "../byte-cache";
import { criticSchema } from "../critic/critic";
import criticNumbers from "../critic/critic-sam.json";
import type { EngineTask } from "../types";
import { chooseMasks, differentMasks, type ScoredMask } from "./choose-masks";
import type { SamModel } from "./model";
import { outline } from "./outline";
import { byteLength, preparePicture, type PreparedPicture } from "./prepared-picture";

/** 12 pictures of 1024 x 768 or larger, 30 of 400 x 300. */
const CACHE_BYTES = 176 * 2 ** 20;

const CRITIC = criticSchema.parse(criticNumbers);

/** Answers prompts with a SAM model and keeps what it computed of the last pictures. */
export class SamSegmenter {
  readonly #pictures = new ByteCache<PreparedPicture>(CACHE_BYTES, byteLength);

  constructor(private readonly model: SamModel) {}

  /** The sha256 of the pictures on which a prompt costs no run of the encoder. */
  get kept(): string[] {
    return this.#pictures.keys;
  }

  /**
   * @returns up to `candidates` segments that differ, best first, each with all parts of its object; or none
   * @throws {SegmentError} `invalid-image`, `job-failed`
   */
  async segment({ file, sha256, prompt, candidates = 1 }: EngineTask): Promise<Segment[]> {
    const picture = this.#pictures.get(sha256) ?? (await this.#prepare(file, sha256));
    const masks = differentMasks(await this.#masks(picture, prompt), candidates);
    const segments = masks.map(async ({ logits, score }) => ({
      score,
      polygons: await outline(logits, picture.valid, picture.edges, picture.size),
    }));
    return (await Promise.all(segments)).filter(({ polygons }) => polygons.length > 0);
  }

  /** Runs encoder and decoder once: their first two runs take about twice as long as those that follow. */
  async warmUp(): Promise<void> {
    const embedding = await this.model.encode({ data: new Uint8Array(3), width: 1, height: 1 });
    await this.model.decode(embedding, { points: [{ x: 0.5, y: 0.5 }] });
  }

  async #prepare(file: string, sha256: string): Promise<PreparedPicture> {
    const picture = await preparePicture(this.model, file);
    this.#pictures.set(sha256, picture);
    return picture;
  }

  /** All masks that the model offers, best first. */
  #masks({ embedding, context }: PreparedPicture, prompt: Prompt): Promise<ScoredMask[]> {
    const critic = this.model.hasAllTokens ? CRITIC : undefined;
    return chooseMasks((...args) => this.model.decode(embedding, ...args), context, critic, prompt);
  }
}
