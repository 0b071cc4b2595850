import { AUTO } from "../api";
import type { Engine, Engines } from "../engine";

/**
 * The engine that a job asks for by name.
 * @returns if the job can't have it: why, in a sentence
 */
export function chooseEngine(engines: Engines, wish: string): Engine | string {
  const engine = engines.byName.get(wish);
  if (engine === undefined) {
    return `This server has no engine ${JSON.stringify(wish)}; it has: ${[...engines.byName.keys()].join(", ")}`;
  }
  const { ready, reason = "it is not ready" } = engine.health();
  // The server's own choice is never refused: if it fails, the job reports it.
  if (ready || wish === AUTO) return engine;
  return `The engine ${JSON.stringify(wish)} can't work on this server: ${reason}`;
}
