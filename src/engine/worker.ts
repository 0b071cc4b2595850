/** Entry of a worker process: loads an engine's part, then answers one request at a time. Started by WorkerProcess. */
import { errorText, SegmentError } from "../api";
import type { WorkerAnswer, WorkerNote, WorkerRequest, WorkerSetup } from "./messages";
import type { LoadedSegmenter } from "./segmenter";

const OUT_OF_MEMORY = /allocation failed|bad_alloc|failed to allocate|out of memory/i;
/** The exit code of a process that aborts, as a shell sees it. */
const OUT_OF_MEMORY_EXIT = 134;

let loaded: LoadedSegmenter | undefined;

process.on("message", (request: WorkerRequest) => {
  void answer(request).then((message) => {
    process.send?.(message, undefined, undefined, () => void loaded?.afterAnswer?.());
  });
});
process.on("disconnect", () => process.exit(0));
// Ctrl+C and service managers send these to all processes of a group. The parent decides when a worker ends, or the
// task that it is doing would count as failed.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);

async function answer(request: WorkerRequest): Promise<WorkerAnswer> {
  try {
    return await perform(request);
  } catch (error) {
    // A process that has run out of memory is not to go on, whether V8, libvips or ONNX Runtime tells so.
    if (OUT_OF_MEMORY.test(`${errorText(error)} ${error instanceof Error ? errorText(error.cause) : ""}`)) {
      process.exit(OUT_OF_MEMORY_EXIT);
    }
    const code = error instanceof SegmentError ? error.code : "job-failed";
    return { type: "failed", code, message: errorText(error) };
  }
}

async function perform(request: WorkerRequest): Promise<WorkerAnswer> {
  if (request.type === "load") {
    loaded = await load(request.setup);
    return { type: "loaded", version: loaded.version, backend: loaded.backend };
  }
  if (loaded === undefined) throw new SegmentError("job-failed", "The worker has not loaded an engine.");
  const { segmenter } = loaded;
  if (request.type === "warm-up") await segmenter.warmUp();
  const segments = request.type === "segment" ? await segmenter.segment(request.task) : [];
  return { type: "done", segments, kept: segmenter.kept };
}

/** Each engine's code is loaded only where it is wanted. */
async function load(setup: WorkerSetup): Promise<LoadedSegmenter> {
  if (setup.engine === "sam") {
    const { loadSam } = await import("./sam/load.js");
    return loadSam(setup, log);
  }
  const { loadGraphcut } = await import("./graphcut/load.js");
  return loadGraphcut();
}

function log(message: string): void {
  const note: WorkerNote = { type: "log", message };
  process.send?.(note);
}
