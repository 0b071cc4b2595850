/** Logs one line for the operator. A line never contains tokens, signatures or request bodies. */
export type Log = (message: string) => void;
