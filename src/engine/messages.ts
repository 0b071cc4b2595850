import type { ErrorCode, Segment } from "../api";
import type { SamFiles } from "./sam/locate";
import type { Backend } from "./sam/model";
import type { Provider } from "./sam/providers";
import type { EngineTask } from "./types";

/** What a worker is to load. */
export type WorkerSetup = SamSetup | { engine: "graphcut" };

export interface SamSetup {
  engine: "sam";
  files: SamFiles;
  /** Threads that one run of the encoder may use. */
  threads: number;
  /** What to compute on, in the order of preference. */
  providers?: Provider[];
  /** Folder that keeps embeddings, if they are to be kept on disk. */
  embeddingDir?: string;
}

/** What a worker is asked, one thing at a time; the first is `load`. */
export type WorkerRequest =
  { type: "load"; setup: WorkerSetup } | { type: "warm-up" } | { type: "segment"; task: EngineTask };

/** The answer to each. */
export type WorkerAnswer =
  | { type: "loaded"; version: string; backend?: Backend }
  /** `kept`: sha256 of the pictures whose embeddings the worker holds now. */
  | { type: "done"; segments: Segment[]; kept: string[] }
  | { type: "failed"; code: ErrorCode; message: string };

/** What a worker tells beside its answers, at any time. */
export interface WorkerNote {
  type: "log";
  message: string;
}
