/** Entry of a worker process: loads the model, then answers one request at a time. Started by WorkerProcess. */
import { errorText, SegmentError } from "../api";
import type { WorkerAnswer, WorkerNote, WorkerRequest } from "./messages";
import { EmbeddingFolder } from "./sam/embedding-folder";
import { SamModel } from "./sam/model";
import { SamSegmenter } from "./sam/segmenter";
import { identifyWeights } from "./sam/weights";

let segmenter: SamSegmenter | undefined;
/** The log is told once, not at each picture. */
let saidThatSavingFails = false;

process.on("message", (request: WorkerRequest) => {
  void answer(request).then((message) => process.send?.(message, undefined, undefined, () => void saveEmbedding()));
});
process.on("disconnect", () => process.exit(0));
// Ctrl+C and service managers send these to all processes of a group. The parent decides when a worker ends, or the
// task that it is doing would count as failed.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);

async function answer(request: WorkerRequest): Promise<WorkerAnswer> {
  try {
    return await perform(request);
  } catch (error) {
    const code = error instanceof SegmentError ? error.code : "job-failed";
    return { type: "failed", code, message: errorText(error) };
  }
}

async function perform(request: WorkerRequest): Promise<WorkerAnswer> {
  if (request.type === "load") {
    const { files, embeddingDir, ...options } = request.setup;
    const model = await SamModel.load(files, { ...options, log });
    const { version, encoderSha256 } = await identifyWeights(files);
    segmenter = new SamSegmenter(model, embeddingDir ? new EmbeddingFolder(embeddingDir, encoderSha256) : undefined);
    return { type: "loaded", version, backend: model.backend };
  }
  if (segmenter === undefined) throw new SegmentError("job-failed", "The worker has not loaded a model.");
  if (request.type === "warm-up") await segmenter.warmUp();
  const segments = request.type === "segment" ? await segmenter.segment(request.task) : [];
  return { type: "done", segments, kept: segmenter.kept };
}

async function saveEmbedding(): Promise<void> {
  try {
    await segmenter?.saveEmbedding();
  } catch (error) {
    if (saidThatSavingFails) return;
    saidThatSavingFails = true;
    log(`Embeddings can't be kept on disk: ${errorText(error)}`);
  }
}

function log(message: string): void {
  const note: WorkerNote = { type: "log", message };
  process.send?.(note);
}
