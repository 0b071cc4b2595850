import { SegmentError } from "../api";
import { cancelledError } from "./cancelled";
import { Transport, TransportError, type HttpResponse } from "./transport";

const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];

/** How an address is read. */
export interface FetchOptions {
  /** Throws when an address may not be read. Also called for each target of a redirect. */
  check: (url: URL) => void;
  /** Milliseconds for one response. */
  timeoutMs: number;
  maxBytes: number;
  signal: AbortSignal;
}

/**
 * Reads the bytes at an address. Errors name only the origin and path of addresses: the rest may be a password.
 * @throws {SegmentError} `unreachable`; `invalid-image` when the response is not 2xx or too large; `cancelled`; and whatever
 *   `check` throws
 */
export async function fetchUrl(url: URL, options: FetchOptions): Promise<Buffer> {
  const transport = new Transport();
  try {
    let at = url;
    for (let redirects = 0; ; redirects++) {
      options.check(at);
      const response = await exchange(transport, at, options);
      const target = redirectOf(response, at);
      if (target === undefined) return bodyOf(response, at);
      if (redirects === MAX_REDIRECTS) {
        throw new SegmentError("invalid-image", `${addressText(url)} leads on more than ${MAX_REDIRECTS} times`);
      }
      at = target;
    }
  } finally {
    transport.close();
  }
}

/** An address without user, password and query. */
export function addressText({ protocol, host, pathname }: URL): string {
  return /^https?:$/.test(protocol) ? `${protocol}//${host}${pathname}` : `An address with ${protocol}`;
}

async function exchange(
  transport: Transport,
  url: URL,
  { timeoutMs, maxBytes, signal }: FetchOptions,
): Promise<HttpResponse> {
  try {
    return await transport.send({
      method: "GET",
      url,
      headers: { accept: "image/jpeg, image/png, */*;q=0.1", "user-agent": "node-red-segment" },
      timeoutMs,
      maxBytes,
      redirects: 0, // each target is checked first
      trusted: false,
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw cancelledError(`read ${addressText(url)}`);
    if (!(error instanceof TransportError)) throw error;
    if (error.kind === "too-large") {
      throw new SegmentError("invalid-image", `The picture at ${addressText(url)} is too large: ${error.message}`);
    }
    const advice =
      error.kind === "certificate" ? "Node-RED does not trust its certificate." : "Check address and network.";
    throw new SegmentError("unreachable", `${addressText(url)} can't be reached (${error.message}). ${advice}`);
  }
}

function redirectOf({ status, headers }: HttpResponse, from: URL): URL | undefined {
  const { location } = headers;
  if (!REDIRECTS.includes(status) || location === undefined || !URL.canParse(location, from)) return undefined;
  return new URL(location, from);
}

function bodyOf({ status, body }: HttpResponse, url: URL): Buffer {
  if (status >= 200 && status < 300) return body;
  const mayPass = status >= 500 || status === 408 || status === 429;
  const advice =
    status === 401 || status === 403 ? " It requires another user and password (http://user:password@…)." : "";
  throw new SegmentError(
    mayPass ? "unreachable" : "invalid-image",
    `${addressText(url)} gives no picture: it answered HTTP ${status}.${advice}`,
  );
}
