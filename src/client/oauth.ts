import { z } from "zod";
import { errorBodySchema, ServiceError, type ErrorCode } from "../api";
import { errorBodyText, parseJson, transportError } from "./errors";
import { tlsOfTokenUrl, type Network } from "./network";
import { DEFAULT_RETRY_DELAYS, type RetryDelays } from "./retry-delays";
import { isThrottled, withRetries } from "./retry";
import { SingleFlight } from "../async/single-flight";
import type { TokenProvider } from "./tokens";
import { parseUrl, Transport, TransportError, type HttpResponse } from "./transport";

export interface ClientCredentialsOptions {
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  /** Space-separated. */
  scopes?: string;
  audience?: string;
  /** How the client shows its secret: in the form (`post`) or by HTTP Basic. */
  clientAuth: "post" | "basic";
  /** Milliseconds for one attempt. */
  timeoutMs: number;
  /** Repeats after failures. */
  retries: number;
  network?: Network;
  delays?: Partial<RetryDelays>;
}

const tokenSchema = z.looseObject({
  access_token: z.string().min(1),
  /** Seconds; some providers send text. */
  expires_in: z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).nullish(),
});

const DEFAULT_LIFE_S = 300;
/** A token is renewed this long before it expires, or after half of a short life. */
const EARLY_MS = 60_000;
const MAX_RESPONSE_BYTES = 2 ** 20;
const DOING = "get a token";

/**
 * OAuth 2 client credentials (RFC 6749, section 4.4). Gets a token when one is needed, keeps it until shortly before it
 * expires or the service refuses it, and asks once however many requests wait for it.
 *
 * `get` throws {SegmentError} `unauthorized` when the identity provider refuses, `unreachable`, `bad-answer`.
 */
export function clientCredentials(options: ClientCredentialsOptions): TokenProvider {
  const flight = new SingleFlight((signal) => fetchToken(options, signal));
  let kept: Token | undefined;
  return {
    advice: "Check client id, client secret, scopes and audience in the config node, and what the client may do there.",
    async get(signal) {
      if (kept === undefined || performance.now() >= kept.freshUntil) kept = await flight.run(signal);
      return kept.value;
    },
    forget(token) {
      if (kept?.value === token) kept = undefined;
      return true;
    },
  };
}

interface Token {
  value: string;
  /** By `performance.now()`. */
  freshUntil: number;
}

async function fetchToken(options: ClientCredentialsOptions, signal: AbortSignal): Promise<Token> {
  const delays = { ...DEFAULT_RETRY_DELAYS, ...options.delays };
  const { tls, proxy } = options.network ?? {};
  const transport = new Transport({ proxy, tls: tls && tlsOfTokenUrl(tls) });
  try {
    const send = (): Promise<HttpResponse> => transport.send({ ...tokenRequest(options), signal });
    const response = await withRetries(send, { retries: options.retries, delays, signal });
    if (response.status < 200 || response.status >= 300) throw refusal(response, options);
    const { access_token: value, expires_in: life } = parseToken(response);
    const lifeMs = (life ?? DEFAULT_LIFE_S) * 1000;
    return { value, freshUntil: performance.now() + lifeMs - Math.min(EARLY_MS, lifeMs / 2) };
  } catch (error) {
    throw error instanceof TransportError ? transportError(error, DOING) : error;
  } finally {
    transport.close();
  }
}

/** @throws {ServiceError} `bad-answer`, which does not quote the response: it may hold a token in another form */
function parseToken(response: HttpResponse): z.infer<typeof tokenSchema> {
  const parsed = tokenSchema.safeParse(parseJson(response.body));
  if (parsed.success) return parsed.data;
  throw new ServiceError(
    "bad-answer",
    `The identity provider at ${response.host} answered with ${response.body.length} bytes of ` +
      `${response.headers["content-type"] ?? "no content type"}, which are no JSON with an access_token (text) and ` +
      "expires_in (seconds). Check the token URL in the config node.",
    response.status,
    response.headers["x-request-id"],
  );
}

function tokenRequest({ clientId, clientSecret, ...options }: ClientCredentialsOptions) {
  const form = new URLSearchParams({ grant_type: "client_credentials" });
  if (options.scopes) form.set("scope", options.scopes);
  if (options.audience) form.set("audience", options.audience);
  const headers: Record<string, string> = { "content-type": "application/x-www-form-urlencoded" };
  if (options.clientAuth === "basic") {
    // RFC 6749, 2.3.1: form-encoded first. A space as %20 is read by form decoders and by plain percent decoders.
    const pair = [clientId, clientSecret].map(encodeURIComponent).join(":");
    headers["authorization"] = `Basic ${Buffer.from(pair).toString("base64")}`;
  } else {
    form.set("client_id", clientId);
    form.set("client_secret", clientSecret);
  }
  return {
    method: "POST" as const,
    url: parseUrl(options.tokenUrl, "The token URL in the config node"),
    headers: { accept: "application/json", ...headers },
    body: Buffer.from(form.toString()),
    timeoutMs: options.timeoutMs,
    maxBytes: MAX_RESPONSE_BYTES,
    redirects: 0, // a redirect must not carry the secret elsewhere
    trusted: true,
  };
}

function refusal(response: HttpResponse, { clientSecret }: ClientCredentialsOptions): ServiceError {
  const body = errorBodySchema.safeParse(parseJson(response.body));
  const reason = body.success ? errorBodyText(body.data) : "it gave no reason";
  return new ServiceError(
    refusalCode(response),
    `The identity provider at ${response.host} gave no token: ${reason.replaceAll(clientSecret, "…")} ` +
      `(HTTP ${response.status}). Check token URL, client id, client secret and scopes in the config node.`,
    response.status,
    response.headers["x-request-id"],
  );
}

function refusalCode(response: HttpResponse): ErrorCode {
  const { status } = response;
  if (isThrottled(response)) return "overloaded";
  if (status >= 500 || status === 408) return "unreachable";
  return status < 400 ? "bad-answer" : "unauthorized";
}
