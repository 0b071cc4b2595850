/** How an embedded server runs. */
export interface EmbeddedOptions {
  /** Folder of jobs, files and pictures. One server serves all config nodes with this folder. */
  dataDir: string;
  engine: string;
  keepHours: number;
  keepMegabytes: number;
  /** Node-RED's user directory: a further folder in which the engine looks for its packages. */
  userDir?: string;
  /** Gets the server's log, line by line. */
  log: (message: string) => void;
  /**
   * How long (ms) the server outlives its last user; 10,000 by default, so that a redeploy keeps its models and caches.
   * @internal a seam for tests
   */
  lingerMs?: number;
}

/** Whether two config nodes ask for the same server. */
export function sameOptions(a: EmbeddedOptions, b: EmbeddedOptions): boolean {
  return (
    a.engine === b.engine &&
    a.keepHours === b.keepHours &&
    a.keepMegabytes === b.keepMegabytes &&
    a.userDir === b.userDir
  );
}
