import type { Segment } from "../api";
import type { Backend } from "./sam/model";
import type { EngineTask } from "./types";

/** What a worker works with. */
export interface Segmenter {
  /** The sha256 of the pictures on which a prompt costs little. */
  readonly kept: string[];
  /** @throws {SegmentError} as Engine.segment says */
  segment(task: EngineTask): Promise<Segment[]>;
  /** Does once what a task does, as the first time takes longer. */
  warmUp(): Promise<void>;
}

/** A segmenter with what it was made of. */
export interface LoadedSegmenter {
  segmenter: Segmenter;
  version: string;
  backend?: Backend;
  /** What is left to be done when the answer has left. Never rejects. */
  afterAnswer?(): Promise<void>;
}
