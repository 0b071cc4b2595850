/** The segment server: routes, job queue, stores and the command line. */
export { startServer, type RunningServer, type ServerOptions } from "./server";
