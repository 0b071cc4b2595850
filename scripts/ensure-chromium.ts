// Browser tests need Chromium, TLS tests need the program openssl. As root on Debian this script installs them; elsewhere
// it says how to get Chromium, and openssl is usually there.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chromiumPath } from "../tools/chromium";

const APT = "/usr/bin/apt-get";
function installOnDebian(...packages: string[]): void {
  apt("update", "--quiet=2");
  apt("install", "--yes", "--quiet=2", "--no-install-recommends", ...packages);
}

function apt(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync(APT, ["-o", "DPkg::Lock::Timeout=500", ...args], { stdio: ["ignore", "ignore", "inherit"], env });
}

function ensureSystem(): void {
  const missing = [
    ...(chromiumPath() === undefined ? ["chromium", "fonts-dejavu-core"] : []),
    ...(spawnSync("openssl", ["version"]).error === undefined ? [] : ["openssl"]),
  ];
  if (missing.length > 0 && process.getuid?.() === 0 && existsSync(APT)) {
    console.log(`Installing ${missing.join(", ")} for the tests …`);
    installOnDebian(...missing);
  }
  if (chromiumPath() !== undefined) return;
  console.log("No Chromium found: the editor's tests are skipped. Install Chromium or Chrome, or set CHROMIUM_PATH.");
  if (process.env.CI !== undefined) process.exitCode = 1;
}

if (require.main === module) ensureSystem();
