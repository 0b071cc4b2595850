/** Engines for tests, with a data directory of their own. */
import type sharp from "sharp";
import type { Prompt } from "../../src/api";
import { createEngine, type Engine, type EngineOptions, type EngineTask } from "../../src/engine";
import { save, sha256Of } from "./pictures";
import { removeFolder } from "../../tools/remove-folder";
import { scratchFolder } from "./sam-folder";

export const MIDDLE: Prompt = { points: [{ x: 0.5, y: 0.5 }] };

/** That many foreground points. */
export function points(count: number): Prompt {
  return { points: Array.from({ length: count }, (_, index) => ({ x: 0.3 + index / 100, y: 0.5 })) };
}

export interface Engines {
  /** The data directory of the test, or of the whole `describe`. */
  readonly folder: string;
  start(options?: Partial<EngineOptions>): Engine;
  /** Closes an engine that was not made by `start`. */
  closeLater(engine: Engine): Engine;
  /** Saves a picture and returns the task for a prompt, by default one point in the middle. */
  task(picture: sharp.Sharp, prompt?: Prompt, name?: string): Promise<EngineTask>;
}

/**
 * To be called in a `describe`.
 * @param scope how long data directory and engines last. To start a worker takes about a second of CPU time, so tests that
 *   neither damage nor configure an engine share one.
 */
export function useEngines(scope: "test" | "describe" = "test"): Engines {
  let folder = "";
  const open: Engine[] = [];
  const [setUp, tearDown] = scope === "test" ? [beforeEach, afterEach] : [before, after];
  setUp(() => (folder = scratchFolder()));
  tearDown(async () => {
    await Promise.all(open.splice(0).map((engine) => engine.close()));
    removeFolder(folder);
  });
  const closeLater = (engine: Engine): Engine => {
    open.push(engine);
    return engine;
  };
  return {
    get folder() {
      return folder;
    },
    start: (options) => closeLater(createEngine({ engine: "sam", workers: 1, dataDir: folder, ...options })),
    closeLater,
    async task(picture, prompt = MIDDLE, name = "picture") {
      const file = await save(folder, name, picture);
      return { file, sha256: sha256Of(file), prompt };
    },
  };
}
