import { rmSync } from "node:fs";

const ATTEMPTS = 40;
const PAUSE_MS = 250;

/**
 * Removes a folder and its contents. Retries for ten seconds: a server or worker ends a moment after its parent process
 * and may write until then.
 */
export function removeFolder(folder: string): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}
