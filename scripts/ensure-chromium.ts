// The editor's tests need a Chromium. On Debian as root this installs it; elsewhere it says how to bring one.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const APT = "/usr/bin/apt-get";
const PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** Path of a Chromium or Chrome on this machine; the environment variable CHROMIUM_PATH comes first. */
export function chromiumPath(): string | undefined {
  return [process.env.CHROMIUM_PATH ?? "", ...PATHS].find((path) => path !== "" && existsSync(path));
}

function installOnDebian(): void {
  apt("update", "--quiet=2");
  apt("install", "--yes", "--quiet=2", "--no-install-recommends", "chromium", "fonts-dejavu-core");
}

function apt(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync(APT, ["-o", "DPkg::Lock::Timeout=500", ...args], { stdio: ["ignore", "ignore", "inherit"], env });
}

function ensureChromium(): void {
  if (chromiumPath() === undefined && process.getuid?.() === 0 && existsSync(APT)) {
    console.log("Installing Chromium for the editor's tests …");
    installOnDebian();
  }
  if (chromiumPath() !== undefined) return;
  console.log("No Chromium found: the editor's tests are skipped. Install Chromium or Chrome, or set CHROMIUM_PATH.");
  if (process.env.CI !== undefined) process.exitCode = 1;
}

if (require.main === module) ensureChromium();
