/** Gives a client its bearer token. */
export interface TokenProvider {
  /** What a user should do when the service refuses the token. */
  readonly advice: string;
  /** The token of the next request; undefined for none. */
  get(signal: AbortSignal): Promise<string | undefined>;
  /** To be called when the service has refused this token. Returns whether another one can be got. */
  forget(token: string): boolean;
}

const EMBEDDED_ADVICE =
  "It is the embedded server's own token, so nothing has to be entered: send the message again, and restart Node-RED " +
  "if that does not help.";

/** For a service that requires no token. */
export function noToken(): TokenProvider {
  return {
    advice: "The service requires a token: choose an authentication in the config node.",
    get: () => Promise.resolve(undefined),
    forget: () => false,
  };
}

/** Always the same token. */
export function staticToken(token: string): TokenProvider {
  return {
    advice: "Check the token in the config node.",
    get: () => Promise.resolve(token),
    forget: () => false,
  };
}

/** A token that is read for every attempt: that of an embedded server, which changes with each restart. */
export function currentToken(ask: (signal: AbortSignal) => Promise<string>): TokenProvider {
  return { advice: EMBEDDED_ADVICE, get: ask, forget: () => true };
}
