/** Takes one line for the operator. Never given tokens, signatures or contents of requests. */
export type Log = (message: string) => void;
