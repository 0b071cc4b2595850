import { errorText } from "../../api";
import type { SamSetup } from "../protocol";
import type { LoadedSegmenter } from "../segmenter";
import { EmbeddingFolder } from "./embedding-folder";
import { SamModel } from "./model";
import { SamSegmenter } from "./segmenter";
import { identifyWeights } from "./weights";

/**
 * Opens the model in this process.
 * @throws {SegmentError} `job-failed` that names the file and what is wrong with it
 */
export async function loadSam(
  { files, embeddingDir, ...options }: SamSetup,
  log: (message: string) => void,
): Promise<LoadedSegmenter> {
  const model = await SamModel.load(files, { ...options, log });
  const { version, encoderSha256 } = await identifyWeights(files);
  const segmenter = new SamSegmenter(
    model,
    embeddingDir ? new EmbeddingFolder(embeddingDir, encoderSha256) : undefined,
  );
  /** Logged once, not at each picture. */
  let hasLogged = false;
  return {
    segmenter,
    version,
    backend: model.backend,
    async afterResponse() {
      try {
        await segmenter.saveEmbedding();
      } catch (error) {
        if (!hasLogged) log(`Embeddings can't be kept on disk: ${errorText(error)}`);
        hasLogged = true;
      }
    },
  };
}
