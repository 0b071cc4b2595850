/** A test of what a process does at a signal. Windows has none: whatever is sent, a process ends there at once. */
export function itWithSignals(title: string, run: Mocha.AsyncFunc): void {
  if (process.platform === "win32") it.skip(`${title} (Windows has no signals)`, run);
  else it(title, run);
}
