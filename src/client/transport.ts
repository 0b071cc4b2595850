import http from "node:http";
import https from "node:https";
import { createSecureContext } from "node:tls";
import { Axios, AxiosError, type AxiosInstance, type AxiosProxyConfig, type AxiosRequestConfig } from "axios";
import { errorText, SegmentError } from "../api";
import { linkAbort } from "../async/abort";
import { isException, tlsElsewhere, type Network, type Proxy, type TlsOptions } from "./network";
import { ProxyError, TunnelAgent } from "./tunnel";

/** One HTTP request, ready to be sent. */
export interface HttpRequest {
  method: "GET" | "POST" | "PUT";
  url: URL;
  headers: Record<string, string>;
  body?: Buffer;
  /** Milliseconds for the whole exchange: connect, send, wait, read. */
  timeoutMs: number;
  /** The longest response that is read; a longer one is an error. */
  maxBytes: number;
  /** Redirects to follow; 0 hands the 3xx response back. Follow none with a request that carries a secret. */
  redirects: number;
  /** Whether the user has set the address: only then the client's certificate is sent. */
  trusted: boolean;
  signal: AbortSignal;
}

/** A response of any status. Header names are in lower case. */
export interface HttpResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  host: string;
}

/** A request that got no whole response. Its message names no header and no query, so no secret. */
export class TransportError extends Error {
  override readonly name = "TransportError";

  constructor(
    /** `stale`: a connection that was kept for reuse turned out to be closed, so the request hardly arrived. */
    readonly kind: "connection" | "stale" | "refused" | "certificate" | "too-large",
    readonly host: string,
    message: string,
  ) {
    super(message);
  }
}

/** Errors that no repeat can mend: certificates, TLS on a plain port, an invalid URL. */
const BAD_CERTIFICATE = /^(?!ERR_SSL).*(CERT|SELF_SIGNED|UNABLE_TO_)/;
const PERMANENT = /EPROTO|ERR_TLS|ERR_SSL|ERR_INVALID|ERR_BAD_OPTION|ERR_UNESCAPED|ERR_NOT_SUPPORT/;

/** The agents for one kind of https address. */
interface SecureAgents {
  direct: https.Agent;
  tunnel: https.Agent | undefined;
}

/** Sends requests by one axios instance. Idle connections are kept, but don't keep the process alive. */
export class Transport {
  readonly #axios: Pick<AxiosInstance, "request">;
  readonly #proxy: Proxy | undefined;
  readonly #hasTls: boolean;
  readonly #http = new http.Agent({ keepAlive: true });
  readonly #trusted: () => SecureAgents;
  readonly #others: () => SecureAgents;
  readonly #made: SecureAgents[] = [];

  constructor({ tls, proxy }: Network = {}) {
    this.#proxy = proxy;
    this.#hasTls = tls !== undefined;
    this.#trusted = this.#agents(tls ?? {});
    this.#others = tls === undefined ? this.#trusted : this.#agents(tlsElsewhere(tls));
    // Without the defaults of `axios.create`, which cost a tenth of a request: headers and bodies come ready.
    this.#axios = new Axios({
      adapter: "http",
      httpAgent: this.#http,
      responseType: "arraybuffer",
      maxBodyLength: Infinity,
      validateStatus: () => true,
    });
  }

  /**
   * @returns the whole response, whatever its status
   * @throws {TransportError} when none came, or when the signal aborted
   */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const { url, timeoutMs } = request;
    const link = linkAbort(request.signal);
    // axios' own time-out starts again with every byte, so a trickling response would never end.
    const timer = setTimeout(() => link.controller.abort(), timeoutMs);
    try {
      const response = await this.#axios.request<Buffer>({
        method: request.method,
        url: url.href,
        headers: request.headers,
        data: request.body,
        maxContentLength: request.maxBytes,
        // A redirect would take the client's certificate along.
        maxRedirects: request.trusted && this.#hasTls ? 0 : request.redirects,
        signal: link.signal,
        ...this.#way(request),
      });
      if (response.status === 407) throw new ProxyError(this.#proxy?.url.host ?? "of the environment", 407);
      return { status: response.status, headers: plainHeaders(response.headers), body: response.data, host: url.host };
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
    this.#http.destroy();
    for (const { direct, tunnel } of this.#made) {
      direct.destroy();
      tunnel?.destroy();
    }
  }

  /**
   * Agents that are made when they are needed, and once: to read the usual authorities holds up the event loop for some
   * 50 ms, which Node would do for every connection.
   */
  #agents(tls: TlsOptions): () => SecureAgents {
    let agents: SecureAgents | undefined;
    return () => {
      if (agents === undefined) this.#made.push((agents = secureAgents(tls, this.#proxy)));
      return agents;
    };
  }

  #way({ url, trusted }: HttpRequest): Pick<AxiosRequestConfig, "httpsAgent" | "proxy"> {
    const { direct, tunnel } = trusted ? this.#trusted() : this.#others();
    const proxy = this.#proxy;
    if (proxy === undefined) {
      // A proxy of the environment would get the request with its token, and can't reach this machine's loopback. It
      // would also read the login of a plain address.
      return { httpsAgent: direct, ...(isLoopback(url) || url.username !== "" ? withoutProxy() : {}) };
    }
    if (isException(url, proxy)) return { httpsAgent: direct, ...withoutProxy() };
    if (url.protocol === "https:") return { httpsAgent: tunnel, ...withoutProxy() };
    return { httpsAgent: this.#others().direct, proxy: axiosProxy(proxy) };
  }
}

const PROXY_VARIABLES = ["http_proxy", "https_proxy", "all_proxy"].flatMap((name) => [name, name.toUpperCase()]);

/**
 * Keeps axios from the environment's proxy. Set only where the environment names one: with `proxy: false`, axios 1.21 makes
 * a function for each request that keeps some 8 kB until V8 next collects its old objects.
 */
function withoutProxy(): Pick<AxiosRequestConfig, "proxy"> {
  return PROXY_VARIABLES.some((name) => process.env[name]) ? { proxy: false } : {};
}

function secureAgents(tls: TlsOptions, proxy: Proxy | undefined): SecureAgents {
  const { ca, cert, key, passphrase, ...connection } = tls;
  const isPlain = ca === undefined && cert === undefined && key === undefined;
  const secureContext = isPlain ? undefined : createSecureContext({ ca, cert, key, passphrase });
  const options = { keepAlive: true, ...connection, secureContext };
  return { direct: new https.Agent(options), tunnel: proxy && new TunnelAgent(proxy, options) };
}

/** Plain http goes to the proxy itself, which sends it on. */
function axiosProxy({ url, auth }: Proxy): AxiosProxyConfig {
  const [, username = "", password = ""] = /^([^:]*):(.*)$/s.exec(auth ?? "") ?? [];
  return {
    protocol: url.protocol,
    host: url.hostname,
    port: Number(url.port || (url.protocol === "https:" ? 443 : 80)),
    ...(auth === undefined ? {} : { auth: { username, password } }),
  };
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
  const text = errorText(error);
  if (text.startsWith("maxContentLength")) {
    return new TransportError("too-large", url.host, `the response is longer than ${maxBytes} bytes`);
  }
  const code = error instanceof AxiosError ? (error.code ?? "") : "";
  return new TransportError(kindOf(error, code), url.host, text === "" ? code : text);
}

function kindOf(error: unknown, code: string): TransportError["kind"] {
  const cause = error instanceof AxiosError ? error.cause : error;
  if (cause instanceof ProxyError) return cause.status < 500 ? "refused" : "connection";
  if (BAD_CERTIFICATE.test(code)) return "certificate";
  if (PERMANENT.test(code)) return "refused";
  return isStale(error, code) ? "stale" : "connection";
}

/** A server may close an idle connection at the moment when a request is sent on it. */
function isStale(error: unknown, code: string): boolean {
  if (!(error instanceof AxiosError) || error.response !== undefined) return false;
  const request: unknown = error.request;
  const wasReused = request instanceof http.ClientRequest && request.reusedSocket;
  return wasReused && (code === "ECONNRESET" || code === "EPIPE");
}
