import { installSam } from "./install-sam";
import type { InstallArguments } from "./options";
import { exitWithFailure, openParentChannel } from "./parent-channel";

/**
 * Installs the sam engine as the child of a Node-RED. A failure is reported over IPC. When the parent ends, npm is ended
 * too and nothing is left behind.
 */
export async function runEmbeddedInstall(options: InstallArguments): Promise<void> {
  const parentGone = new AbortController();
  openParentChannel(() => parentGone.abort());
  try {
    await installSam({ ...options, yes: true }, parentGone.signal);
    process.exit(0);
  } catch (error) {
    await exitWithFailure(error);
  }
}
