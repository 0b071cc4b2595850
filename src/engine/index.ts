/** The engine: pixels and a prompt → scored polygons, and drawings of them. Knows no HTTP, no jobs, no Node-RED. */
import { AUTO, ENGINE_NAMES, type EngineChoice } from "../api";
import { AutoEngine } from "./auto-engine";
import { createGraphcutEngine } from "./graphcut/engine";
import { createSamEngine } from "./sam/engine";
import type { Engine, Provider } from "./types";

export * from "./types";
export { drawMask, drawOverlay, type DrawOptions } from "./draw";
export { pruneEmbeddings } from "./sam/embedding-folder";
export { hasNativeBuild, samPackages, type SamPackage, type WeightsFile } from "./sam/packages";
export { installedSam } from "./sam/status";
export { verifyWeights } from "./sam/weights";

export interface EngineOptions {
  /** `auto`: each task runs on sam where it is installed and the machine has the memory, else on graphcut. */
  engine: EngineChoice;
  /** Greatest number of worker processes of each engine. */
  workers: number;
  /** The server's data directory: weights and runtime are searched in its folder `sam`. */
  dataDir: string;
  /** The user's own ONNX files; both or none. */
  encoder?: string;
  decoder?: string;
  /** Further folders whose `node_modules` are searched, such as Node-RED's userDir. */
  searchFolders?: string[];
  /**
   * What ONNX Runtime computes on, in the order of preference; `cpu` by default, and always the last one tried.
   * `health()` reports the one in use, the log why another one is not.
   */
  providers?: Provider[];
  /**
   * Folder that keeps embeddings (4 MB a picture) across restarts and for all workers, made when it is needed. The caller
   * must call `pruneEmbeddings` from time to time. By default they are kept in the workers' memory only.
   */
  embeddingDir?: string;
  /** How long a worker may take for a task; 120 s by default. */
  taskTimeoutMs?: number;
  log?: (message: string) => void;
}

/** A machine that is sold with 2 GB reports somewhat less. */
const AUTO_MIN_MEMORY = 1.8e9;

/** The engines of a server. */
export interface Engines {
  /** Runs tasks that name no engine. Closing it closes all. */
  auto: Engine;
  /** The engines that a task may name, `auto` among them. */
  byName: ReadonlyMap<string, Engine>;
}

/**
 * Makes the engines of a server: for `auto` both and the choice between them, else only the one that is named. It always
 * succeeds: `health()` and the failure of each task report what is missing (weights, runtime, sharp, memory), and it may
 * be installed while the engine runs.
 */
export function createEngines(engineOptions: EngineOptions): Engines {
  const defaults = { taskTimeoutMs: 120_000, log: () => undefined };
  const { engine, ...options } = { ...defaults, ...engineOptions };
  const graphcut = createGraphcutEngine(options);
  const sam = createSamEngine({ ...options, minMemory: engine === AUTO ? AUTO_MIN_MEMORY : 0 });
  const choices = { auto: new AutoEngine(sam, graphcut, options.log), graphcut, sam };
  const auto = choices[engine];
  auto.warmUp();
  const names: readonly EngineChoice[] = engine === AUTO ? ENGINE_NAMES : [AUTO, engine];
  return { auto, byName: new Map(names.map((name) => [name, name === AUTO ? auto : choices[name]])) };
}

/** The engine that runs tasks which name none, see `createEngines`. */
export function createEngine(options: EngineOptions): Engine {
  return createEngines(options).auto;
}
