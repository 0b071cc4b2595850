import type { z } from "zod";
import { describeIssues, errorBodySchema, SegmentError, ServiceError, type ErrorBody, type ErrorCode } from "../api";
import { isThrottled } from "./retry";
import type { HttpResponse, TransportError } from "./transport";

/** What the statuses of an answer mean, by what the request was for. */
interface Meaning {
  /** 400, 409, 422 and the like. */
  bad: ErrorCode;
  /** The service names something that it does not know. */
  missing: ErrorCode;
  /** 404 and 410. */
  gone: ErrorCode;
  tooLarge: ErrorCode;
}
const REFUSED: Meaning = { bad: "bad-request", missing: "bad-request", gone: "not-available", tooLarge: "bad-request" };
const MEANINGS = {
  startJob: { bad: "invalid-prompt", missing: "file-not-found", gone: "not-available", tooLarge: "invalid-prompt" },
  getJob: { ...REFUSED, missing: "job-not-found", gone: "job-not-found" },
  findFile: { ...REFUSED, missing: "file-not-found", gone: "file-not-found" },
  sendImage: { ...REFUSED, missing: "file-not-found", tooLarge: "invalid-image" },
  draw: { bad: "invalid-image", missing: "file-not-found", gone: "not-available", tooLarge: "invalid-image" },
  other: REFUSED,
} satisfies Record<string, Meaning>;

/** What a request is for: decides which code its failure gets. */
export type RequestPurpose = keyof typeof MEANINGS;

/** What an error message says about a request. */
export interface ErrorContext {
  purpose: RequestPurpose;
  /** What is being done, to fit "could not …": `start a job for {"fileId":17}`. Holds no secret. */
  doing: string;
  /** What to do when the service refuses the token. */
  tokenAdvice: string;
  /** What to do when the service does not know what the request names. */
  missingAdvice?: string;
}

/** Turns an answer that is not 2xx into the error with the right code and advice. */
export function answerError(answer: HttpResponse, context: ErrorContext): ServiceError {
  const said = readErrorBody(answer);
  const code = codeOf(answer, context.purpose, said);
  return new ServiceError(
    code,
    sentences(
      `The service at ${answer.host} could not ${context.doing}: ${said.text} (HTTP ${answer.status})`,
      advice(code, answer, context),
    ),
    answer.status,
    answer.headers["x-request-id"],
  );
}

/** The error of a request that got no answer at all. */
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

/** An answer whose text may go into a message: a service may repeat the token that it was sent. */
export function withoutSecret(answer: HttpResponse, secret: string | undefined): HttpResponse {
  if (secret === undefined || !answer.body.includes(secret)) return answer;
  return { ...answer, body: Buffer.from(answer.body.toString().replaceAll(secret, "…")) };
}

/**
 * Parses an answer's body as JSON of the given form.
 * @param secret is kept out of the error's message
 * @throws {ServiceError} `bad-answer`
 */
export function parseAnswer<T>(schema: z.ZodType<T>, answer: HttpResponse, doing: string, secret?: string): T {
  const fail = (reason: string): ServiceError =>
    new ServiceError(
      "bad-answer",
      `The service at ${answer.host} answered "${doing}" with ${reason}. ` +
        "Check that the address in the config node is that of a segment service.",
      answer.status,
      answer.headers["x-request-id"],
    );
  const value = parseJson(answer.body);
  if (value === undefined) throw fail(`something that is not JSON: ${plainText(withoutSecret(answer, secret))}`);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const safe = parseJson(withoutSecret(answer, secret).body);
    throw fail(`a form that is not of the contract: ${cut(describeIssues(parsed.error, safe))}`);
  }
  return parsed.data;
}

function codeOf(answer: HttpResponse, purpose: RequestPurpose, said: Said): ErrorCode {
  const meaning = MEANINGS[purpose];
  const { status } = answer;
  if (status === 401 || status === 403) return "unauthorized";
  if (isThrottled(answer)) return "overloaded";
  if (status >= 500 || status === 408) return "unreachable";
  if (status < 400) return "bad-answer";
  if (status === 413) return meaning.tooLarge;
  if (said.missing) return meaning.missing;
  return status === 404 || status === 410 ? meaning.gone : meaning.bad;
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
      return "It asks for a later try: start fewer jobs, or lower the concurrency in the config node.";
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

interface Said {
  text: string;
  /** Whether the service says that it does not know the file or job of the request. */
  missing: boolean;
}

const UNKNOWN_FILE =
  /(unknown|not found|no such|not exist|could not (be )?f(i|ou)nd).*\bfile|\bfile.*(unknown|not found|not exist)/i;

function readErrorBody(answer: HttpResponse): Said {
  const parsed = errorBodySchema.safeParse(parseJson(answer.body));
  if (!parsed.success) return { text: plainText(answer), missing: false };
  const text = cut(errorBodyText(parsed.data));
  const { error } = parsed.data;
  const missing = typeof error === "object" ? (error.missing ?? []) : [];
  return { text, missing: missing.length > 0 || UNKNOWN_FILE.test(text) };
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
