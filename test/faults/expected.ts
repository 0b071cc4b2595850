/** The expected outcome of a message for each fault at each step from upload to result. */
import type { ErrorCode } from "../../src/api";
import type { WrittenScript } from "../../src/simulator";

/**
 * The steps of the simulator's rules. `poll-many` is the long poll of a server with extensions, `poll` the interval poll
 * of one without.
 */
export const STEPS = ["token", "upload", "put", "files", "start", "poll", "poll-many"] as const;
export type Step = (typeof STEPS)[number];

/**
 * `result`: sent by the first output of wait. `output 2: …`: sent by the second one. Otherwise the code of the error that
 * the Catch node gets.
 */
export type Outcome = "result" | "output 2: job-not-found" | ErrorCode;

type Rule = NonNullable<WrittenScript["rules"]>[number];

export interface Row {
  name: string;
  /** Which requests of the step the fault hits; all of them by default. */
  turn?: Pick<Rule, "times">;
  fault: Rule["do"];
  /** Days by which the clock of Node-RED's machine is changed during the fault. */
  clockDays?: number;
  expected: Record<Step, Outcome>;
}

/** The same outcome at all steps, with exceptions. */
function everywhere(outcome: Outcome, but: Partial<Record<Step, Outcome>> = {}): Record<Step, Outcome> {
  const all = { token: outcome, upload: outcome, put: outcome, files: outcome, start: outcome, poll: outcome, "poll-many": outcome }; // prettier-ignore
  return { ...all, ...but };
}

const ONCE = { times: 1 };
/** Longer than the client waits at most, so it gives up at once. */
const TOO_LATE_S = 700;

/** Faults that a retry may overcome: the client retries, and ends with `unreachable`. */
function transient(name: string, fault: Rule["do"], forever: Rule["do"] = fault): Row[] {
  return [
    { name: `${name}, once`, turn: ONCE, fault, expected: everywhere("result") },
    { name: `${name}, for ever`, fault: forever, expected: everywhere("unreachable") },
  ];
}

/** Faults that no retry overcomes. They occur once, which also shows that the client does not retry: a retry would succeed. */
function permanent(name: string, fault: Rule["do"], expected: Record<Step, Outcome>): Row {
  return { name: `${name}, once`, turn: ONCE, fault, expected };
}

const status = (code: number, further: object = {}): Rule["do"] => ({ fault: "status", status: code, ...further });

/** A response with status 200 that is not from the service. That of a PUT is not read, but the picture has not arrived. */
const NOT_OF_THE_CONTRACT = everywhere("bad-answer", { put: "unreachable" });

export const ROWS: Row[] = [
  ...transient("refused", { fault: "refuse", seconds: 0.05 }, { fault: "refuse", seconds: 3600 }),
  ...transient("reset before", { fault: "reset-before" }),
  ...transient("reset after", { fault: "reset-after" }),
  ...transient("hang", { fault: "hang" }),
  ...transient("drip", { fault: "drip", bytesPerSecond: 10 }),
  ...transient("truncated", { fault: "truncate" }),

  // However an identity provider refuses, there is no token: `unauthorized` in each row of the 4xx.
  // At `poll-many`, some statuses mean that the server lacks the extension after all: interval polls take over.
  permanent(
    "400",
    status(400),
    everywhere("bad-request", { token: "unauthorized", start: "invalid-prompt", "poll-many": "result" }),
  ),
  permanent(
    "400 with a missing file",
    status(400, { body: { error: { code: 400, message: "File ids not found", missing: [{ id: 17 }] } } }),
    everywhere("bad-request", {
      token: "unauthorized",
      upload: "file-not-found",
      put: "file-not-found",
      files: "file-not-found",
      start: "file-not-found",
      poll: "output 2: job-not-found",
      "poll-many": "result",
    }),
  ),
  // The token is renewed, but a link carries no token, and the identity provider gets no second request.
  { name: "401, once", turn: ONCE, fault: status(401), expected: everywhere("result", { token: "unauthorized", put: "unauthorized" }) }, // prettier-ignore
  { name: "401, for ever", fault: status(401), expected: everywhere("unauthorized") },
  permanent("403", status(403), everywhere("unauthorized")),
  permanent(
    "404",
    status(404),
    everywhere("not-available", {
      token: "unauthorized",
      files: "file-not-found",
      poll: "output 2: job-not-found",
      "poll-many": "result",
    }),
  ),
  permanent(
    "404 with a missing file",
    status(404, { body: { error: { code: 404, message: "File ids not found", missing: [{ id: 17 }] } } }),
    everywhere("file-not-found", { token: "unauthorized", poll: "output 2: job-not-found", "poll-many": "result" }),
  ),
  ...transient("408", status(408)),
  // A service sends it when a file's externalId is taken; the upload node sends none. No retry helps.
  permanent("409", status(409), everywhere("bad-request", { token: "unauthorized", start: "invalid-prompt" })),
  permanent(
    "410",
    status(410),
    everywhere("not-available", {
      token: "unauthorized",
      files: "file-not-found",
      poll: "output 2: job-not-found",
      "poll-many": "result",
    }),
  ),
  permanent(
    "413",
    status(413),
    everywhere("bad-request", {
      token: "unauthorized",
      upload: "invalid-image",
      put: "invalid-image",
      start: "invalid-prompt",
    }),
  ),
  // Throttling does not use up the retries, of which there are fewer than five.
  { name: "429, five times", turn: { times: 5 }, fault: status(429), expected: everywhere("result") },
  { name: "429 for 1 s, once", turn: ONCE, fault: status(429, { retryAfter: 1 }), expected: everywhere("result") },
  { name: "429 until a date, once", turn: ONCE, fault: status(429, { retryAfterDate: 2 }), expected: everywhere("result") }, // prettier-ignore
  { name: "429 for 700 s", fault: status(429, { retryAfter: TOO_LATE_S }), expected: everywhere("overloaded") },
  { name: "429 until a late date", fault: status(429, { retryAfterDate: TOO_LATE_S }), expected: everywhere("overloaded") }, // prettier-ignore
  // No retry, as the same request would most likely fail again. But a picture's link may be stale: the client requests a
  // new one.
  permanent("500", status(500), everywhere("unreachable", { put: "result" })),
  { name: "500, for ever", fault: status(500), expected: everywhere("unreachable") },
  ...transient("500 that may be retried", status(500, { headers: { "cdf-is-auto-retryable": "true" } })),
  ...transient("502", status(502)),
  ...transient("503", status(503)),
  { name: "503 for 1 s, once", turn: ONCE, fault: status(503, { retryAfter: 1 }), expected: everywhere("result") },
  { name: "503 for 700 s", fault: status(503, { retryAfter: TOO_LATE_S }), expected: everywhere("overloaded") },
  ...transient("504", status(504)),

  permanent("not JSON", { fault: "not-json" }, NOT_OF_THE_CONTRACT),
  permanent("HTML", { fault: "html" }, NOT_OF_THE_CONTRACT),
  permanent("wrong schema", { fault: "wrong-schema" }, NOT_OF_THE_CONTRACT),
  permanent("oversized", { fault: "oversized", megabytes: 33 }, everywhere("bad-answer")),

  { name: "clock a day ahead", turn: ONCE, fault: { fault: "delay", ms: 1000 }, clockDays: 1, expected: everywhere("result") }, // prettier-ignore
  { name: "clock a day back", turn: ONCE, fault: { fault: "delay", ms: 1000 }, clockDays: -1, expected: everywhere("result") }, // prettier-ignore
];
