/** Runs the segment server, and the installation of its engine, as child processes. */
export { EmbeddedServer } from "./embedded-server";
export type { EmbeddedOptions } from "./options";
export { installSam, samInstallation, samStatus, type SamInstallation } from "./sam-installer";
