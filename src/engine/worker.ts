/** Entry of a worker process: loads the model, then answers one request at a time. Started by WorkerProcess. */
import { errorText, SegmentError } from "../api";
import type { WorkerAnswer, WorkerRequest } from "./messages";
import { SamModel } from "./sam/model";
import { SamSegmenter } from "./sam/segmenter";
import { weightsVersion } from "./sam/weights";

let segmenter: SamSegmenter | undefined;

process.on("message", (request: WorkerRequest) => {
  void answer(request).then((message) => process.send?.(message));
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
    const { files, threads } = request.setup;
    segmenter = new SamSegmenter(await SamModel.load(files, threads));
    return { type: "loaded", version: await weightsVersion(files) };
  }
  if (segmenter === undefined) throw new SegmentError("job-failed", "The worker has not loaded a model.");
  if (request.type === "warm-up") await segmenter.warmUp();
  const segments = request.type === "segment" ? await segmenter.segment(request.task) : [];
  return { type: "done", segments, kept: segmenter.kept };
}
