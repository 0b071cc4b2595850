import type { z } from "zod";
import { describeIssues, errorBodySchema, SegmentError, ServiceError, type ErrorBody, type ErrorCode } from "../api";
import { isThrottled } from "./retry";
import type { HttpResponse, TransportError } from "./transport";

/** The error codes for the statuses of a response, for one purpose of a request. */
interface ErrorRule {
  /** 400, 409, 422 and the like. */
  bad: ErrorCode;
  /** The service reports that it does not know the file or job of the request. */
  missing: ErrorCode;
  /** 404 and 410. */
  gone: ErrorCode;
  tooLarge: ErrorCode;
}
const REFUSED: ErrorRule = {
  bad: "bad-request",
  missing: "bad-request",
  gone: "not-available",
  tooLarge: "bad-request",
};
const RULES = {
  startJob: { bad: "invalid-prompt", missing: "file-not-found", gone: "not-available", tooLarge: "invalid-prompt" },
  getJob: { ...REFUSED, missing: "job-not-found", gone: "job-not-found" },
  findFile: { ...REFUSED, missing: "file-not-found", gone: "file-not-found" },
  sendImage: { ...REFUSED, missing: "file-not-found", tooLarge: "invalid-image" },
  draw: { bad: "invalid-image", missing: "file-not-found", gone: "not-available", tooLarge: "invalid-image" },
  other: REFUSED,
} satisfies Record<string, ErrorRule>;

/** The purpose of a request, which decides the code of its failure. */
export type RequestPurpose = keyof typeof RULES;

/** The parts of an error message that depend on the request. */
export interface ErrorContext {
  purpose: RequestPurpose;
  /** The action, to follow "could not …": `start a job for {"fileId":17}`. Holds no secret. */
  doing: string;
  /** What to do when the service refuses the token. */
  tokenAdvice: string;
  /** What to do when the service does not know what the request names. */
  missingAdvice?: string;
}

/** Turns a response that is not 2xx into the error with the right code and advice. */
export function responseError(response: HttpResponse, context: ErrorContext): ServiceError {
  const message = readErrorBody(response);
  const code = codeOf(response, context.purpose, message);
  return new ServiceError(
    code,
    sentences(
      `The service at ${response.host} could not ${context.doing}: ${message.text} (HTTP ${response.status})`,
      advice(code, response, context),
    ),
    response.status,
    response.headers["x-request-id"],
  );
}

/** The error of a request that got no response at all. */
export function transportError(error: TransportError, doing: string): SegmentError {
  if (error.kind === "too-large") {
    return new SegmentError("bad-answer", `The service at ${error.host} could not ${doing}: ${error.message}.`);
  }
  const advice =
    error.kind === "certificate"
      ? "Choose a TLS configuration in the config node that holds the authority of the service's certificate."
      : "Check the address in the config node, the network and whether the service runs.";
  return new SegmentError(
    "unreachable",
    `Could not ${doing}: the service at ${error.host} can't be reached (${error.message}). ${advice}`,
  );
}

/** The response without the secret: a service may repeat the token of a request in its message. */
export function withoutSecret(response: HttpResponse, secret: string | undefined): HttpResponse {
  if (secret === undefined || !response.body.includes(secret)) return response;
  return { ...response, body: Buffer.from(response.body.toString().replaceAll(secret, "…")) };
}

/**
 * Parses a response's body as JSON of the given form.
 * @param secret kept out of the error's message
 * @throws {ServiceError} `bad-answer`
 */
export function parseResponse<T>(schema: z.ZodType<T>, response: HttpResponse, doing: string, secret?: string): T {
  const fail = (reason: string): ServiceError =>
    new ServiceError(
      "bad-answer",
      `The service at ${response.host} answered "${doing}" with ${reason}. ` +
        "Check that the address in the config node is that of a segment service.",
      response.status,
      response.headers["x-request-id"],
    );
  const value = parseJson(response.body);
  if (value === undefined) throw fail(`something that is not JSON: ${plainText(withoutSecret(response, secret))}`);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const safe = parseJson(withoutSecret(response, secret).body);
    throw fail(`a form that is not of the contract: ${cut(describeIssues(parsed.error, safe))}`);
  }
  return parsed.data;
}

function codeOf(response: HttpResponse, purpose: RequestPurpose, { isMissing }: Message): ErrorCode {
  const rule = RULES[purpose];
  const { status } = response;
  if (status === 401 || status === 403) return "unauthorized";
  if (isThrottled(response)) return "overloaded";
  if (status >= 500 || status === 408) return "unreachable";
  if (status < 400) return "bad-answer";
  if (status === 413) return rule.tooLarge;
  if (isMissing) return rule.missing;
  return status === 404 || status === 410 ? rule.gone : rule.bad;
}

function advice(code: ErrorCode, { status, headers, host }: HttpResponse, context: ErrorContext): string {
  switch (code) {
    case "unauthorized":
      return context.tokenAdvice;
    case "file-not-found":
      return context.missingAdvice ?? "Check the file's id: files may have been deleted or belong to another service.";
    case "job-not-found":
      return "It may have been deleted, or belong to another service or project.";
    case "not-available":
      return (
        `The service does not offer ${context.purpose === "startJob" ? "segmentation" : "this"} (any more) at this ` +
        'address: let the embedded server take over (service "embedded" in the config node), or check address and project.'
      );
    case "overloaded":
      return "It asks to try again later: start fewer jobs, or lower the concurrency in the config node.";
    case "unreachable":
      return "Try again later; the service's own log says more.";
    case "invalid-image":
      return "Send a smaller picture.";
    case "bad-answer":
      return status >= 300 && headers["location"] !== undefined
        ? `It redirects to ${originOf(headers["location"], host)}, which is not followed: put the right address in the config node.`
        : "";
    default:
      return "";
  }
}

/** The message of a service. */
interface Message {
  text: string;
  /** Whether it says that the service does not know the file or job of the request. */
  isMissing: boolean;
}

const UNKNOWN_FILE =
  /(unknown|not found|no such|not exist|could not (be )?f(i|ou)nd).*\bfile|\bfile.*(unknown|not found|not exist)/i;

function readErrorBody(response: HttpResponse): Message {
  const parsed = errorBodySchema.safeParse(parseJson(response.body));
  if (!parsed.success) return { text: plainText(response), isMissing: false };
  const text = cut(errorBodyText(parsed.data));
  const { error } = parsed.data;
  const missing = typeof error === "object" ? (error.missing ?? []) : [];
  return { text, isMissing: missing.length > 0 || UNKNOWN_FILE.test(text) };
}

/** The text of an error in any of its forms: `{error: {message}}`, `{error: "…"}`, OAuth's `{error, error_description}`. */
export function errorBodyText({ error, error_description: description }: ErrorBody): string {
  if (typeof error === "string") return description == null ? error : `${error}: ${description}`;
  return error.message ?? "no reason given";
}

function plainText({ body, headers }: HttpResponse): string {
  const text = body
    .toString("utf8", 0, 4000)
    .replace(/<(style|script|head)\b[\s\S]*?(<\/\1>|$)/gi, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  const type = headers["content-type"] ?? "no content type";
  return text === "" ? `an empty body (${type})` : `"${cut(text)}" (${type})`;
}

/** The JSON value of a body; undefined if it is not JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function originOf(location: string, host: string): string {
  return URL.canParse(location, `http://${host}`) ? new URL(location, `http://${host}`).origin : "another address";
}

function sentences(first: string, second: string): string {
  return second === "" ? `${first}.` : `${first}. ${second}`;
}

function cut(text: string): string {
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}
