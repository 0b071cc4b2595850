/** How an embedded server runs. */
export interface EmbeddedOptions {
  /** Folder of its jobs, files and pictures. One server serves all config nodes of a folder. */
  dataDir: string;
  engine: string;
  keepHours: number;
  keepMegabytes: number;
  /** Node-RED's user directory: a further place where the engine looks for its parts. */
  userDir?: string;
  /** Gets the server's log, line by line. */
  log: (message: string) => void;
  /** How long (ms) the server outlives its last user: 10,000, so that a redeploy keeps its models and caches. */
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
