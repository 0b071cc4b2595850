import type { Fault, Rule, Step } from "./script";

/** What rules look at. */
export interface Asked {
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
  ["look", /^GET \/api\/v1\/projects\/[^/]+\/context\/vision\/segment\/[^/]+$/],
  ["looks", /^POST \/api\/v1\/projects\/[^/]+\/context\/vision\/segment\/byids$/],
];

/** The step that a request belongs to. */
export function stepOf({ method, path }: Asked): Step | undefined {
  return ROUTES.find(([, pattern]) => pattern.test(`${method} ${path}`))?.[0];
}

/** Tells which fault a request gets. Each rule counts the requests that reach it: no earlier rule has taken them. */
export class Matcher {
  readonly #rules: { rule: Rule; seen: number }[];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules.map((rule) => ({ rule, seen: 0 }));
  }

  /** The fault of the first rule that takes the request; undefined if it is to pass. */
  take(asked: Asked): Fault | undefined {
    for (const entry of this.#rules) {
      if (!concerns(entry.rule.on, asked)) continue;
      entry.seen += 1;
      if (isTurn(entry.rule, entry.seen)) return entry.rule.do;
    }
    return undefined;
  }
}

function concerns({ step, method, path }: Rule["on"], asked: Asked): boolean {
  return (
    (step === undefined || step === stepOf(asked)) &&
    (method === undefined || method === asked.method) &&
    (path === undefined || matchesPattern(asked.path, path))
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
