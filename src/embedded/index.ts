/** Starts and watches the segment server as a child process. */
export { EmbeddedServer } from "./embedded-server";
export type { EmbeddedOptions } from "./options";
