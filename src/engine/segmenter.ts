import type { Segment } from "../api";
import type { Backend, EngineTask } from "./types";

/** The part of an engine that runs in a worker process. */
export interface Segmenter {
  /** The sha256 of the pictures that are kept prepared: a further prompt on them costs little. */
  readonly kept: string[];
  /** @throws {SegmentError} as `Engine.segment` does */
  segment(task: EngineTask): Promise<Segment[]>;
  /** Runs the code of a task once, because the first run takes longer. */
  warmUp(): Promise<void>;
}

/** A segmenter that is ready, with what it was loaded from. */
export interface LoadedSegmenter {
  segmenter: Segmenter;
  version: string;
  backend?: Backend;
  /** Work that can wait until the response has been sent. Never rejects. */
  afterResponse?(): Promise<void>;
}
