import type { ErrorCode, Segment } from "../api";
import type { SamFiles } from "./sam/locate";
import type { EngineTask } from "./types";

/** What a worker is to load. */
export interface WorkerSetup {
  files: SamFiles;
  /** Threads that one run of the encoder may use. */
  threads: number;
}

/** What a worker is asked, one thing at a time; the first is `load`. */
export type WorkerRequest =
  { type: "load"; setup: WorkerSetup } | { type: "warm-up" } | { type: "segment"; task: EngineTask };

/** The answer to each. */
export type WorkerAnswer =
  | { type: "loaded"; version: string }
  /** `kept`: sha256 of the pictures whose embeddings the worker holds now. */
  | { type: "done"; segments: Segment[]; kept: string[] }
  | { type: "failed"; code: ErrorCode; message: string };
