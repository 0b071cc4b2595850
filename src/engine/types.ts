import type { EngineName, Prompt, Segment } from "../api";

/** A picture on disk and what to cut out of it. */
export interface EngineTask {
  /** Path of the encoded JPEG or PNG. The worker reads it, so a waiting task holds no pixels. */
  file: string;
  /** Hex sha256 of the file's bytes: the key under which an engine keeps what it computed of the picture. */
  sha256: string;
  /** Points and box in fractions of the upright picture (EXIF orientation applied). */
  prompt: Prompt;
  /** How many segments to return at most: alternatives to the best one that differ from it. 1 by default. */
  candidates?: number;
  /** Whether to take the engine's fast form, if it has one. Set by the engine itself, see `Pace`, unless it is given. */
  fast?: boolean;
}

/** Which engine does or has done a task, as it stands in a job's answer. */
export interface EngineIdentity {
  name: EngineName;
  /** Of the weights or of the method; with `-fast` at its end for the fast form. */
  version: string;
}

/** What an engine can say of itself without running a task. */
export interface EngineHealth {
  /** Whether a task can succeed now. */
  ready: boolean;
  /** What is missing, and which command brings it: for a task to succeed if not ready, else for the better engine. */
  reason?: string;
  /** What computes, once a worker has loaded the model: the runtime's package, and ONNX Runtime's provider. */
  backend?: { runtime: string; provider: string };
}

/**
 * Turns a picture and a prompt into scored polygons. Implementations run their heavy work in worker processes
 * behind a bounded first-in-first-out queue.
 */
export interface Engine extends Readonly<EngineIdentity> {
  /** Tasks that wait for a worker. */
  readonly queued: number;
  /** Whether a further task would be refused because the queue is full. */
  readonly full: boolean;
  /**
   * Runs one task.
   * @param onStart called once, when a worker takes the task out of the queue, with what does it
   * @returns segments by falling score, vertices in fractions of the upright picture; empty when nothing was found
   * @throws {SegmentError} `invalid-image` for a picture that can't be decoded, `overloaded` when the queue is full,
   *   `job-failed` for everything else (no weights, time-out, crash of the worker), each with a plain reason
   */
  segment(task: EngineTask, onStart?: (by: EngineIdentity) => void): Promise<Segment[]>;
  health(): EngineHealth;
  /** Starts a first worker, so that the first task need not wait for it. Logs why that is not possible. */
  warmUp(): void;
  /** Ends the workers; tasks under way are rejected with `cancelled`. */
  close(): Promise<void>;
}
