/** A test of what a process does at a signal. Windows has no signals: there a process ends at once, whatever is sent. */
export function itWithSignals(title: string, run: Mocha.AsyncFunc): void {
  if (process.platform === "win32") it.skip(`${title} (Windows has no signals)`, run);
  else it(title, run);
}
