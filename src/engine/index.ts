/** The engine: pixels and a prompt → scored polygons, and drawings of them. Knows no HTTP, no jobs, no Node-RED. */
import { SamEngine } from "./sam/engine";
import type { Provider } from "./sam/providers";
import type { Engine } from "./types";

export * from "./types";
export { drawOverlay, type DrawOptions } from "./draw";
export { pruneEmbeddings } from "./sam/embedding-folder";
export { hasNativeBuild, samPackages, type SamPackage, type WeightsFile } from "./sam/packages";
export { PROVIDERS, type Provider } from "./sam/providers";
export { installedSam } from "./sam/status";
export { verifyWeights } from "./sam/weights";

export interface EngineOptions {
  /** `auto`: the best engine that this machine can run. */
  engine: "auto" | "sam";
  /** Worker processes at most. */
  workers: number;
  /** The server's data directory: weights and runtime are looked for in its folder `sam`. */
  dataDir: string;
  /** The user's own ONNX files; both or none. */
  encoder?: string;
  decoder?: string;
  /** Further folders whose `node_modules` are searched, such as Node-RED's userDir. */
  searchFolders?: string[];
  /**
   * What ONNX Runtime computes on, in the order of preference; `cpu` by default, and always the last one tried.
   * `health()` tells which is used, the log why another one is not.
   */
  providers?: Provider[];
  /**
   * Folder that keeps embeddings (4 MB a picture) across restarts and for all workers, made when it is needed. Who sets
   * it calls `pruneEmbeddings` from time to time. By default they are in the workers' memory alone.
   */
  embeddingDir?: string;
  /** Tasks that may wait for a worker; 1000 by default. */
  maxQueued?: number;
  /** How long a task may take once a worker has it; 120 s by default. */
  taskTimeoutMs?: number;
  log?: (message: string) => void;
}

/** A machine that is sold with 2 GB reports somewhat less. */
const AUTO_MIN_MEMORY = 1.8e9;

/**
 * Makes an engine. It always succeeds: what is missing (weights, runtime, sharp, memory) is told by `health()` and by
 * the failure of each task, and may be installed while the engine runs.
 */
export function createEngine({
  engine,
  maxQueued = 1000,
  taskTimeoutMs = 120_000,
  log = () => undefined,
  ...options
}: EngineOptions): Engine {
  const minMemory = engine === "auto" ? AUTO_MIN_MEMORY : 0;
  return new SamEngine({ ...options, maxQueued, taskTimeoutMs, minMemory, log });
}
