import http from "node:http";
import https from "node:https";
import axios, { AxiosError, type AxiosInstance } from "axios";
import { errorText, SegmentError } from "../api";
import { linkAbort } from "./abort";

/** One HTTP request, ready to send. */
export interface HttpRequest {
  method: "GET" | "POST" | "PUT";
  url: URL;
  headers: Record<string, string>;
  body?: Buffer;
  /** Milliseconds for the whole exchange: connect, send, wait, read. */
  timeoutMs: number;
  /** The longest answer that is read; a longer one is an error. */
  maxBytes: number;
  /** Redirects to follow; 0 hands the 3xx answer back. Follow none with a request that carries a secret. */
  redirects: number;
  signal: AbortSignal;
}

/** An answer of any status. Header names are in lower case. */
export interface HttpAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  host: string;
}

/** A request that got no whole answer. Its message names no header and no query, so no secret. */
export class TransportError extends Error {
  override readonly name = "TransportError";

  constructor(
    readonly kind: "connection" | "refused" | "too-large",
    readonly host: string,
    message: string,
  ) {
    super(message);
  }
}

/** What no repeat mends: certificates, TLS on a plain port, a URL that is none. */
const PERMANENT =
  /CERT|SELF_SIGNED|UNABLE_TO_|EPROTO|ERR_TLS|ERR_SSL|ERR_INVALID|ERR_BAD_OPTION|ERR_UNESCAPED|ERR_NOT_SUPPORT/;

/** Sends requests by one axios instance. Idle connections are kept, but don't keep the process alive. */
export class Transport {
  readonly #axios: AxiosInstance;
  readonly #agents = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) };

  constructor() {
    this.#axios = axios.create({
      httpAgent: this.#agents.http,
      httpsAgent: this.#agents.https,
      responseType: "arraybuffer",
      maxBodyLength: Infinity,
      validateStatus: () => true,
    });
  }

  /**
   * @returns the whole answer, whatever its status
   * @throws {TransportError} when none came, or when the signal aborted
   */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const { url, timeoutMs } = request;
    const link = linkAbort(request.signal);
    // axios' own time-out starts anew with every byte, so a trickling answer would never end.
    const timer = setTimeout(() => link.controller.abort(), timeoutMs);
    try {
      const answer = await this.#axios.request<Buffer>({
        method: request.method,
        url: url.href,
        headers: request.headers,
        data: request.body,
        maxContentLength: request.maxBytes,
        maxRedirects: request.redirects,
        signal: link.signal,
        // A proxy of the environment would get the request with its token, and can't reach this machine's loopback.
        ...(isLoopback(url) ? { proxy: false } : {}),
      });
      return { status: answer.status, headers: plainHeaders(answer.headers), body: answer.data, host: url.host };
    } catch (error) {
      const timedOut = link.signal.aborted && !request.signal.aborted;
      if (timedOut) throw new TransportError("connection", url.host, `no answer within ${timeoutMs / 1000} s`);
      throw toTransportError(error, request);
    } finally {
      clearTimeout(timer);
      link.dispose();
    }
  }

  /** Drops the idle connections. */
  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}

function isLoopback({ hostname }: URL): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])\.?$/.test(hostname);
}

/** The URL in a text. @throws {SegmentError} `no-config`, saying what the text was meant to be */
export function parseUrl(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new SegmentError("no-config", `${what} is not a URL that begins with http:// or https://.`);
}

function plainHeaders(headers: object): Record<string, string> {
  const entries = Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]));
}

/** axios' error holds the request with its token, so it is not kept as `cause`. */
function toTransportError(error: unknown, { url, maxBytes }: HttpRequest): TransportError {
  const code = error instanceof AxiosError ? (error.code ?? "") : "";
  const text = errorText(error);
  if (text.startsWith("maxContentLength")) {
    return new TransportError("too-large", url.host, `the answer is longer than ${maxBytes} bytes`);
  }
  const message = text === "" ? code : text;
  return new TransportError(PERMANENT.test(code) ? "refused" : "connection", url.host, message);
}
