/**
 * After this many milliseconds something hangs: a Node-RED that starts, or a page that is to change. A test never depends on
 * how fast the machine is, so this is far more than a slow one needs, and less than mocha's limit for a test.
 */
export const HANG_MS = 180_000;
