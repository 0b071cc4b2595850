import { AUTO } from "../api";
import type { Engine, Engines } from "../engine";

/**
 * Finds the engine with a name.
 * @returns the engine, or one sentence that says why a job can't use it
 */
export function chooseEngine(engines: Engines, name: string): Engine | string {
  const engine = engines.byName.get(name);
  if (engine === undefined) {
    return `This server has no engine ${JSON.stringify(name)}; it has: ${[...engines.byName.keys()].join(", ")}`;
  }
  const { ready, reason = "it is not ready" } = engine.health();
  // `auto` is never refused: if its engine fails, the job reports it.
  if (ready || name === AUTO) return engine;
  return `The engine ${JSON.stringify(name)} can't work on this server: ${reason}`;
}
