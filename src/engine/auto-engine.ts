import type { EngineName, Segment } from "../api";
import type { Engine, EngineHealth, EngineIdentity, EngineTask } from "./types";

/** Runs each task on the better of two engines if it is ready, else on the one that needs no installation. */
export class AutoEngine implements Engine {
  /** @param log called by `warmUp` with the reason if the better engine is not used */
  constructor(
    private readonly better: Engine,
    private readonly always: Engine,
    private readonly log: (message: string) => void,
  ) {}

  /** Name of the engine that a task would get now. */
  get name(): EngineName {
    return this.#serving().name;
  }

  get version(): string {
    return this.#serving().version;
  }

  warmUp(): void {
    const { ready, reason } = this.health();
    if (ready && reason !== undefined) this.log(reason);
    this.#serving().warmUp();
  }

  async segment(task: EngineTask, onStart?: (by: EngineIdentity) => void): Promise<Segment[]> {
    const engine = this.#serving();
    const progress = { hasStarted: false };
    try {
      return await engine.segment(task, (by) => {
        progress.hasStarted = true;
        onStart?.(by);
      });
    } catch (error) {
      // Only a worker that loads an installed engine finds out that it does not work.
      if (progress.hasStarted || engine.health().ready) throw error;
      return this.always.segment(task, onStart);
    }
  }

  health(): EngineHealth {
    const better = this.better.health();
    if (better.ready) return better;
    const always = this.always.health();
    if (!always.ready) return always;
    const reason = `Using ${this.always.name} instead of ${this.better.name}: ${better.reason ?? ""}`;
    return { ...always, reason };
  }

  async close(): Promise<void> {
    await Promise.all([this.better.close(), this.always.close()]);
  }

  #serving(): Engine {
    return this.better.health().ready ? this.better : this.always;
  }
}
