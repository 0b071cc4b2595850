import type { EngineName, Prompt, Segment } from "../api";

/** A picture on disk and a prompt on it. */
export interface EngineTask {
  /** Path of the encoded JPEG or PNG. The worker reads it, so a waiting task holds no pixels. */
  file: string;
  /** Hex sha256 of the file's bytes: the key under which an engine keeps what it computed of the picture. */
  sha256: string;
  /** Points and box in fractions of the upright picture (EXIF orientation applied). */
  prompt: Prompt;
  /** How many segments to return at most: alternatives to the best one that differ from it. 1 by default. */
  candidates?: number;
  /** Whether to use the engine's fast form, if it has one. By default the engine decides, see `TaskTimeEstimate`. */
  fast?: boolean;
}

/** Which engine runs or has run a task, as reported with the job. */
export interface EngineIdentity {
  name: EngineName;
  /** Of the weights or of the method; with `-fast` at its end for the fast form. */
  version: string;
}

/** What ONNX Runtime computes on, by its own names: the processor, NVIDIA's CUDA, Windows' DirectML, Apple's CoreML. */
export const PROVIDERS = ["cpu", "cuda", "dml", "coreml"] as const;
export type Provider = (typeof PROVIDERS)[number];

/** What a loaded model computes with. */
export interface Backend {
  /** Name and version of the runtime's package. */
  runtime: string;
  provider: Provider;
}

/** The files that the sam engine needs. */
export interface SamFiles {
  /** Paths of the ONNX files. */
  encoder: string;
  decoder: string;
  /** Packages of ONNX Runtime, at least one, in the order in which to try them. */
  runtimes: RuntimePackage[];
}

/** An installed package of ONNX Runtime. */
export interface RuntimePackage {
  name: string;
  version: string;
  folder: string;
}

/** The state of an engine, known without running a task. */
export interface EngineHealth {
  /** Whether a task can succeed now. */
  ready: boolean;
  /** What is missing and which command installs it: for any task if not ready, else for the better engine. */
  reason?: string;
  /** Known once a worker has loaded the model. */
  backend?: Backend;
}

/**
 * Turns a picture and a prompt into scored polygons. Implementations run their heavy work in worker processes
 * behind a first-in-first-out queue without a bound: the caller limits how many tasks wait.
 */
export interface Engine extends Readonly<EngineIdentity> {
  /**
   * Runs one task.
   * @param onStart called once, when a worker takes the task from the queue, with the engine that runs it
   * @returns segments by falling score, vertices in fractions of the upright picture; empty when nothing was found
   * @throws {SegmentError} `invalid-image` for a picture that can't be decoded, `cancelled` once the engine is closed,
   *   `job-failed` for everything else (no weights, time-out, crash of the worker), each with a plain reason
   */
  segment(task: EngineTask, onStart?: (by: EngineIdentity) => void): Promise<Segment[]>;
  health(): EngineHealth;
  /** Starts a first worker, so that the first task need not wait for it. Logs the reason if that is not possible. */
  warmUp(): void;
  /** Ends the workers; waiting and running tasks are rejected with `cancelled`. */
  close(): Promise<void>;
}
