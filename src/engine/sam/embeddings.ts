import type { ImageSize } from "../../api";

/** What SAM's encoder made of a picture. */
export interface Embedding {
  /** `[1, 256, 64, 64]`, row by row. */
  values: Float32Array;
  /** The upright picture's size in pixels. */
  size: ImageSize;
  /** The size to which it was scaled for the encoder: the long side is 1024. */
  scaled: ImageSize;
}

/** Keeps the embeddings used last, up to a number of bytes. The key is the sha256 of the picture's bytes. */
export class EmbeddingCache {
  /** A Map keeps the order of insertion: the first key is the one used longest ago. */
  readonly #entries = new Map<string, Embedding>();
  #bytes = 0;

  constructor(private readonly maxBytes: number) {}

  get keys(): string[] {
    return [...this.#entries.keys()];
  }

  get(sha256: string): Embedding | undefined {
    const embedding = this.#entries.get(sha256);
    if (embedding !== undefined) {
      this.#entries.delete(sha256);
      this.#entries.set(sha256, embedding);
    }
    return embedding;
  }

  set(sha256: string, embedding: Embedding): void {
    this.#drop(sha256);
    this.#entries.set(sha256, embedding);
    this.#bytes += embedding.values.byteLength;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.maxBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(sha256: string): void {
    this.#bytes -= this.#entries.get(sha256)?.values.byteLength ?? 0;
    this.#entries.delete(sha256);
  }
}
