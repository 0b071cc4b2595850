import { z } from "zod";

/** Every code that an error of this package can carry. They are stable: flows switch on them. */
export const ERROR_CODES = [
  // A message could not be turned into a request.
  "invalid-prompt",
  "invalid-image",
  "invalid-job",
  "invalid-result",
  "not-allowed",
  "no-config",
  "wrong-service",
  "too-many-waits",
  // The service refused, failed or could not be reached.
  "file-not-found",
  "unauthorized",
  "not-available",
  "unreachable",
  "overloaded",
  "bad-request",
  "bad-answer",
  // A job ended without a result.
  "job-failed",
  "job-not-found",
  "timed-out",
  "cancelled",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error with a stable `code` and a message that says what was wrong, where, and what to do. */
export class SegmentError extends Error {
  override readonly name: string = "SegmentError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** An error that a service answered: carries the HTTP status and the request id for its operator. */
export class ServiceError extends SegmentError {
  override readonly name = "ServiceError";

  constructor(
    code: ErrorCode,
    message: string,
    readonly status: number,
    readonly requestId: string | undefined,
    options?: { cause?: unknown },
  ) {
    super(code, requestId === undefined ? message : `${message} (request ${requestId})`, options);
  }
}

/** The text of anything that was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The body of an error answer. Services also send `error` as plain text, and OAuth adds `error_description`. */
export const errorBodySchema = z.looseObject({
  error: z.union([
    z.string(),
    z.looseObject({
      code: z.number().nullish(),
      message: z.string().nullish(),
      missing: z.array(z.unknown()).nullish(),
      duplicated: z.array(z.unknown()).nullish(),
    }),
  ]),
  error_description: z.string().nullish(),
});
export type ErrorBody = z.infer<typeof errorBodySchema>;

/** Says what a zod check found, as `field: reason (got value)`, the first finding first. */
export function describeIssues(error: z.ZodError, value: unknown): string {
  return error.issues.map((issue) => describeIssue(issue, value)).join("; ");
}

function describeIssue(issue: z.core.$ZodIssue, value: unknown): string {
  const field = issue.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  const got = issue.path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
  const name = field.replace(/^\./, "");
  return `${name === "" ? "" : `${name}: `}${issue.message}${got === undefined ? "" : ` (got ${preview(got)})`}`;
}

/** A short text of any value for a message: JSON, cut at 80 characters. */
export function preview(value: unknown): string {
  let text: string | undefined;
  try {
    text = Buffer.isBuffer(value) ? `a Buffer of ${value.length} bytes` : JSON.stringify(value);
  } catch {
    // A circular structure or a BigInt: its plain text has to do.
  }
  text ??= String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
