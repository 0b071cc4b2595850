import { chromiumPath } from "../../tools/chromium";

/**
 * Path of this machine's Chromium. Without one, skips the tests of a suite or hook; on CI that is an error.
 * @param context `this` of a suite's hook
 */
export function chromiumOrSkip(context: Mocha.Context): string {
  const path = chromiumPath();
  if (path !== undefined) return path;
  if (process.env.CI !== undefined) throw new Error("CI must run the tests in a browser, but there is no Chromium.");
  return context.skip();
}
