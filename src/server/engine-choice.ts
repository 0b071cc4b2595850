import type { Engine } from "../engine";

/** The wish of a job that leaves the choice of the engine to the server. */
export const AUTO = "auto";

/**
 * Why a job that asks for an engine by name can't have it, in a sentence.
 * @returns undefined when it can
 */
export function refusedEngine(engine: Engine, wish: string): string | undefined {
  if (wish === AUTO) return undefined;
  if (wish !== engine.name) {
    return `This server has no engine ${JSON.stringify(wish)}; it has: ${AUTO}, ${engine.name}`;
  }
  const { ready, reason = "it is not ready" } = engine.health();
  return ready ? undefined : `The engine ${JSON.stringify(wish)} can't work on this server: ${reason}`;
}
