import type { Fault, Rule, Step } from "./script";

/** The part of a request that rules match. */
export interface RequestLine {
  method: string;
  /** Without the query. */
  path: string;
}

const ROUTES: [Step, RegExp][] = [
  ["token", /^POST \/oauth2\/token$/],
  ["upload", /^POST \/api\/v1\/projects\/[^/]+\/files$/],
  ["files", /^POST \/api\/v1\/projects\/[^/]+\/files\//],
  ["put", /^PUT \/pictures\//],
  ["start", /^POST \/api\/v1\/projects\/[^/]+\/context\/vision\/segment$/],
  ["poll", /^GET \/api\/v1\/projects\/[^/]+\/context\/vision\/segment\/[^/]+$/],
  ["poll-many", /^POST \/api\/v1\/projects\/[^/]+\/context\/vision\/segment\/byids$/],
];

/** The step that a request belongs to; undefined for other requests. */
export function stepOf({ method, path }: RequestLine): Step | undefined {
  return ROUTES.find(([, pattern]) => pattern.test(`${method} ${path}`))?.[0];
}

/** Decides which fault a request gets. Each rule counts the requests that it matches and that no earlier rule has taken. */
export class Matcher {
  readonly #rules: { rule: Rule; seen: number }[];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules.map((rule) => ({ rule, seen: 0 }));
  }

  /** The fault of the first rule that takes the request; undefined if it passes. */
  take(request: RequestLine): Fault | undefined {
    for (const entry of this.#rules) {
      if (!matches(entry.rule.on, request)) continue;
      entry.seen += 1;
      if (isTurn(entry.rule, entry.seen)) return entry.rule.do;
    }
    return undefined;
  }
}

function matches({ step, method, path }: Rule["on"], request: RequestLine): boolean {
  return (
    (step === undefined || step === stepOf(request)) &&
    (method === undefined || method === request.method) &&
    (path === undefined || matchesPattern(request.path, path))
  );
}

function isTurn({ nth, times, every }: Rule, seen: number): boolean {
  if (nth !== undefined) return seen === nth;
  if (times !== undefined) return seen <= times;
  return every === undefined || seen % every === 0;
}

function matchesPattern(path: string, pattern: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(path);
}
