/** Entry of a worker process: loads one engine's segmenter, then handles one request at a time. See protocol.ts. */
import { errorText, SegmentError } from "../api";
import type { WorkerLog, WorkerRequest, WorkerResponse, WorkerSetup } from "./protocol";
import type { LoadedSegmenter } from "./segmenter";

const OUT_OF_MEMORY = /allocation failed|bad_alloc|failed to allocate|out of memory/i;
/** The exit code of a process that aborts, as a shell sees it. */
const OUT_OF_MEMORY_EXIT = 134;

let loaded: LoadedSegmenter | undefined;

process.on("message", (request: WorkerRequest) => {
  void handle(request).then((response) => {
    process.send?.(response, undefined, undefined, () => void loaded?.afterResponse?.());
  });
});
process.on("disconnect", () => process.exit(0));
// Ctrl+C and service managers send these to all processes of a group. The parent decides when a worker ends; otherwise
// the task that it runs would count as failed.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);

async function handle(request: WorkerRequest): Promise<WorkerResponse> {
  try {
    return await perform(request);
  } catch (error) {
    // After running out of memory (V8, libvips or ONNX Runtime) the process must exit.
    if (OUT_OF_MEMORY.test(`${errorText(error)} ${error instanceof Error ? errorText(error.cause) : ""}`)) {
      process.exit(OUT_OF_MEMORY_EXIT);
    }
    const code = error instanceof SegmentError ? error.code : "job-failed";
    return { type: "failed", code, message: errorText(error) };
  }
}

async function perform(request: WorkerRequest): Promise<WorkerResponse> {
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

/** Imports only the code of the engine that is needed. */
async function load(setup: WorkerSetup): Promise<LoadedSegmenter> {
  if (setup.engine === "sam") {
    const { loadSam } = await import("./sam/load.js");
    return loadSam(setup, log);
  }
  const { loadGraphcut } = await import("./graphcut/load.js");
  return loadGraphcut();
}

function log(message: string): void {
  const line: WorkerLog = { type: "log", message };
  process.send?.(line);
}
