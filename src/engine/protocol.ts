/**
 * The protocol between the pool and its worker processes, over Node's IPC channel.
 *
 * - The pool sends one request at a time: `load` first, then `warm-up` and `segment`.
 * - The worker sends one response to each: `loaded` to `load`, `done` to the others, or `failed`.
 * - Between them it may send `log` messages at any time.
 * - A worker exits when the channel closes, so it does not outlive the process that started it.
 */
import type { ErrorCode, Segment } from "../api";
import type { Backend, EngineTask, Provider, SamFiles } from "./types";

/** Which engine a worker loads, and with which settings. */
export type WorkerSetup = SamSetup | { engine: "graphcut" };

export interface SamSetup {
  engine: "sam";
  files: SamFiles;
  /** Threads that one run of the encoder may use. */
  threads: number;
  /** In the order of preference. */
  providers?: Provider[];
  /** Folder that keeps embeddings, if they are to be kept on disk. */
  embeddingDir?: string;
}

export type WorkerRequest =
  { type: "load"; setup: WorkerSetup } | { type: "warm-up" } | { type: "segment"; task: EngineTask };

export type WorkerResponse =
  | { type: "loaded"; version: string; backend?: Backend }
  /** `kept`: sha256 of the pictures that the worker now keeps prepared. */
  | { type: "done"; segments: Segment[]; kept: string[] }
  | { type: "failed"; code: ErrorCode; message: string };

/** A line for the log. */
export interface WorkerLog {
  type: "log";
  message: string;
}
