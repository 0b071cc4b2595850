import { loadSharp } from "../picture";
import { PooledEngine, type WorkerOptions } from "../pooled-engine";
import { GRAPHCUT_VERSION } from "./version";

/** When tasks would have to wait longer than this, they are done in the fast form. */
const FAST_AFTER_MS = 2000;

/** The graphcut engine: needs sharp, and nothing that is not in this package. */
export function createGraphcutEngine(options: WorkerOptions): PooledEngine {
  const locate = () => {
    loadSharp();
    return { setup: { engine: "graphcut" as const }, fingerprint: "" };
  };
  return new PooledEngine({ name: "graphcut", version: GRAPHCUT_VERSION, fastAfterMs: FAST_AFTER_MS, locate }, options);
}
