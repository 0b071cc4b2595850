import { setTimeout as sleep } from "node:timers/promises";
import { type HttpResponse, TransportError } from "./transport";
import type { RetryDelays } from "./retry-delays";

const RETRYABLE = new Set([408, 502, 503, 504]);

/** How often and how patiently one request is repeated. */
export interface RetryPolicy {
  /**
   * Repeats after failures. Throttling (429, 503 with `Retry-After`) does not use them up; nor does the first reset of
   * a reused connection, which is repeated at once.
   */
  retries: number;
  delays: RetryDelays;
  signal: AbortSignal;
  /** Receives each pause (ms) before it begins. */
  onPause?: (ms: number) => void;
}

/**
 * Sends until there is a response that no repeat would improve, or until the policy allows no further repeat.
 * @returns the last response, whatever its status
 * @throws {TransportError} if the last try got no response; whatever else `send` throws, at once
 */
export async function withRetries(send: () => Promise<HttpResponse>, policy: RetryPolicy): Promise<HttpResponse> {
  const { delays, signal } = policy;
  let failures = 0;
  let throttles = 0;
  let throttledSince: number | undefined;
  let wasStale = false;
  for (;;) {
    const outcome = await attempt(send);
    if (isStale(outcome) && !wasStale) {
      wasStale = true;
      continue;
    }
    let pause: number;
    if (isThrottled(outcome)) {
      throttledSince ??= performance.now();
      pause = pauseMs(outcome, throttles++, delays);
      if (performance.now() + pause > throttledSince + delays.patienceMs) return outcome;
    } else if (isRetryable(outcome) && failures < policy.retries) {
      pause = pauseMs(outcome, failures++, delays);
      if (pause > delays.patienceMs) return settle(outcome);
    } else {
      return settle(outcome);
    }
    policy.onPause?.(pause);
    await sleep(pause, undefined, { signal });
  }
}

type Outcome = HttpResponse | TransportError;

async function attempt(send: () => Promise<HttpResponse>): Promise<Outcome> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof TransportError) return error;
    throw error;
  }
}

function settle(outcome: Outcome): HttpResponse {
  if (outcome instanceof TransportError) throw outcome;
  return outcome;
}

function isRetryable(outcome: Outcome): boolean {
  if (outcome instanceof TransportError) return outcome.kind === "connection" || outcome.kind === "stale";
  return RETRYABLE.has(outcome.status) || outcome.headers["cdf-is-auto-retryable"] === "true";
}

function isStale(outcome: Outcome): boolean {
  return outcome instanceof TransportError && outcome.kind === "stale";
}

/** Whether the service asks to try again later, rather than reporting a failure. */
export function isThrottled(outcome: Outcome): outcome is HttpResponse {
  if (outcome instanceof TransportError) return false;
  return outcome.status === 429 || (outcome.status === 503 && retryAfterMs(outcome.headers) !== undefined);
}

/** Exponential backoff with full jitter; never sooner than `Retry-After`, with jitter so that clients do not return at the same moment. */
function pauseMs(outcome: Outcome, count: number, delays: RetryDelays): number {
  const backoff = Math.random() * Math.min(delays.maxBackoffMs, delays.backoffMs * 2 ** count);
  const asked = outcome instanceof TransportError ? undefined : retryAfterMs(outcome.headers);
  return asked === undefined ? backoff : asked + Math.random() * delays.backoffMs;
}

/**
 * The pause (ms) that `Retry-After` asks for, in seconds or as an HTTP date. A date is compared with that of the response,
 * as this machine's clock may be wrong or jump.
 */
export function retryAfterMs(headers: HttpResponse["headers"]): number | undefined {
  const value = headers["retry-after"]?.trim() ?? "";
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  if (Number.isNaN(date)) return undefined;
  const respondedAt = Date.parse(headers["date"] ?? "");
  return Math.max(0, date - (Number.isNaN(respondedAt) ? Date.now() : respondedAt));
}
