import type { ImageSize, Segment } from "../../api";
import { pictureCache } from "../picture-cache";
import { tracePolygons, type SoftMask } from "../contours";
import { criticSchema } from "../critic/critic";
import fastCriticNumbers from "../critic/critic-graphcut-fast.json";
import criticNumbers from "../critic/critic-graphcut.json";
import { decodePixels, openPicture } from "../picture";
import { blur3 } from "../pixels/lab";
import type { Segmenter } from "../segmenter";
import type { EngineTask } from "../types";
import { PreparedPicture } from "./picture";
import { segmentByGraphCut, type Cutout } from "./segment";

/** Larger pictures are scaled down first: contours are set on grids of 320 pixels around the object. */
const MAX_SIDE = 2048;

const CRITIC = criticSchema.parse(criticNumbers);
/** The fast form has no other cuts to compare with, which the critic above needs. */
const FAST_CRITIC = criticSchema.parse(fastCriticNumbers);

/** The data that is kept for a picture. */
interface KeptPicture {
  prepared: PreparedPicture;
  /** The upright picture's size in pixels. */
  size: ImageSize;
}

/** Segments by minimum cuts, without weights but the critic's, and keeps the most recent pictures prepared. */
export class GraphcutSegmenter implements Segmenter {
  readonly #pictures = pictureCache<KeptPicture>(({ prepared }) => prepared.maxBytes);

  /** The sha256 of the pictures that are kept decoded. */
  get kept(): string[] {
    return this.#pictures.keys;
  }

  /**
   * Cuts by all recipes, or once if the task says `fast`, see `segmentByGraphCut`.
   * @returns up to `candidates` segments that differ, best first, each with all parts of its object; or none
   * @throws {SegmentError} `invalid-image`
   */
  async segment({ file, sha256, prompt, candidates = 1, fast }: EngineTask): Promise<Segment[]> {
    const { prepared, size } = this.#pictures.get(sha256) ?? (await this.#prepare(file, sha256));
    const cutouts = segmentByGraphCut(prepared, prompt, fast ? FAST_CRITIC : CRITIC, { fast, count: candidates });
    const segments = cutouts.map(async (cutout) => ({
      score: cutout.score,
      polygons: await tracePolygons(softMask(cutout), size),
    }));
    return (await Promise.all(segments)).filter(({ polygons }) => polygons.length > 0);
  }

  /** Cuts once, so that the code is compiled before the first task. */
  warmUp(): Promise<void> {
    const side = 64;
    const data = Uint8Array.from({ length: 3 * side * side }, (_, k) => (Math.floor(k / 3) % side) * 4);
    const box = { xMin: 0.25, yMin: 0.25, xMax: 0.75, yMax: 0.75 };
    const picture = new PreparedPicture({ width: side, height: side, data });
    segmentByGraphCut(picture, { boundingBox: box }, CRITIC);
    return Promise.resolve();
  }

  async #prepare(file: string, sha256: string): Promise<KeptPicture> {
    const { size, ...picture } = await openPicture(file);
    const scale = Math.min(1, MAX_SIDE / Math.max(size.width, size.height));
    const width = Math.max(1, Math.round(size.width * scale));
    const height = Math.max(1, Math.round(size.height * scale));
    const kept = { prepared: new PreparedPicture(await decodePixels({ size, ...picture }, { width, height })), size };
    this.#pictures.set(sha256, kept);
    return kept;
  }
}

/** A mask as a field that falls slowly, so that the outline cuts through the stairs of the pixels. */
function softMask({ mask, width, height, window }: Cutout): SoftMask {
  const across = width / (window.xMax - window.xMin);
  const down = height / (window.yMax - window.yMin);
  const values = new Float32Array(mask.length);
  for (let i = 0; i < mask.length; i += 1) values[i] = 2 * mask[i]! - 1;
  return {
    values: blur3(values, width, height),
    width,
    height,
    left: window.xMin * across,
    top: window.yMin * down,
    picture: { width: across, height: down },
  };
}
