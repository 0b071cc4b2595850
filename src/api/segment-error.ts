// Without zod: Node-RED loads this when it starts, before any other part of the contract is needed.

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

/** An error with a stable `code` and a message that says what is wrong, where, and what to do. */
export class SegmentError extends Error {
  override readonly name: string = "SegmentError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }

  /** A copy of the error with one more sentence. The error itself may be shared, so it is never changed. */
  adding(sentence: string): SegmentError {
    return new SegmentError(this.code, `${this.message} ${sentence}`, { cause: this.cause });
  }
}

/** An error response of a service, with the HTTP status and the request id for its operator. */
export class ServiceError extends SegmentError {
  override readonly name = "ServiceError";
  readonly #message: string;

  constructor(
    code: ErrorCode,
    message: string,
    readonly status: number,
    readonly requestId: string | undefined,
    options?: { cause?: unknown },
  ) {
    super(code, requestId === undefined ? message : `${message} (request ${requestId})`, options);
    this.#message = message;
  }

  override adding(sentence: string): ServiceError {
    const message = `${this.#message} ${sentence}`;
    return new ServiceError(this.code, message, this.status, this.requestId, { cause: this.cause });
  }
}

/** The message of any thrown value. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Any thrown value as an `Error`. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** A short form of any value for a message: JSON, cut at 80 characters. */
export function preview(value: unknown): string {
  let text: string | undefined;
  try {
    text = value instanceof Uint8Array ? `a Buffer of ${value.length} bytes` : JSON.stringify(value);
  } catch {
    // A circular structure or a BigInt: use its plain text.
  }
  text ??= String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
