import { rmSync } from "node:fs";

const ATTEMPTS = 40;
const PAUSE_MS = 250;

/**
 * Removes a folder with all that is in it. A server or worker ends a moment after the process that it belongs to, and may
 * write until then: so it is tried again.
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
