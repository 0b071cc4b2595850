import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import { linkAbort } from "../async/abort";
import { cancelledError } from "./cancelled";
import {
  responseError,
  parseResponse,
  transportError,
  withoutSecret,
  type ErrorContext,
  type RequestPurpose,
} from "./errors";
import type { Network } from "./network";
import type { RetryDelays } from "./retry-delays";
import { withRetries } from "./retry";
import { Semaphore } from "../async/semaphore";
import type { TokenProvider } from "./tokens";
import { parseUrl, Transport, TransportError, type HttpResponse } from "./transport";

const MAX_JSON_BYTES = 32 * 2 ** 20;
const MAX_FILE_BYTES = 256 * 2 ** 20;
const LINK_ADVICE = "The link has expired or is not meant for this use: try again.";

export interface HttpOptions {
  /** The service's address. Called for every attempt: an embedded server may have another port after a restart. */
  baseUrl: (signal: AbortSignal) => Promise<string>;
  /** Value of the header `cdf-version`. */
  apiVersion: string;
  tokens: TokenProvider;
  /** Milliseconds for one attempt. */
  timeoutMs: number;
  /** Repeats of one request after failures. */
  retries: number;
  /** Requests in flight. */
  concurrency: number;
  network?: Network;
  /** `name/version` of this package. */
  agent: string;
  delays: RetryDelays;
}

/** What one call of the service needs. */
export interface Call {
  method: "GET" | "POST" | "PUT";
  /**
   * A path below the service's base URL, or an absolute link from the service. No token is sent to a link: it may be on
   * another host, and is itself the permission to use it.
   */
  to: { path: string } | { link: string };
  /** A Buffer is sent as it is, anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  purpose: RequestPurpose;
  doing: string;
  missingAdvice?: string;
  signal?: AbortSignal;
  /** How long (s) the service is asked to hold the response; is added to the time-out. */
  holdSeconds?: number;
  /** A limit besides the client's own. `none`: neither applies. */
  lane?: Semaphore | "none";
  onPause?: (ms: number) => void;
}

/** A call that is being sent. */
interface Sending extends Call {
  maxBytes: number;
  signal: AbortSignal;
}

interface Target {
  url: URL;
  token?: string;
  /** Whether it is at the service's own address. */
  trusted: boolean;
}

/** A JSON response that has passed its schema. */
export interface JsonResponse<T> {
  data: T;
  headers: HttpResponse["headers"];
}

/** Speaks HTTP with one service: addresses, tokens, limits, repeats, errors. */
export class ServiceHttp {
  readonly #options: HttpOptions;
  readonly #transport: Transport;
  readonly #limiter: Semaphore;
  readonly #closing = new AbortController();
  /** The token of the last request. */
  #token: string | undefined;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#transport = new Transport(options.network);
    this.#limiter = new Semaphore(options.concurrency);
  }

  /**
   * Sends a call and reads its JSON response.
   * @throws {SegmentError} with the code that the response's status means for the call's purpose; `unreachable`,
   *   `unauthorized`, `overloaded`, `bad-answer`; `cancelled` when the signal aborts or the client closes
   */
  async json<T>(schema: z.ZodType<T>, call: Call): Promise<JsonResponse<T>> {
    const response = await this.#send(call, MAX_JSON_BYTES);
    return { data: parseResponse(schema, response, call.doing, this.#token), headers: response.headers };
  }

  /** Like {@link json}, for a response of any bytes. */
  async bytes(call: Call): Promise<Buffer> {
    // The response to a PUT is short: cap it as JSON.
    return (await this.#send(call, call.method === "PUT" ? MAX_JSON_BYTES : MAX_FILE_BYTES)).body;
  }

  /** Waits, in milliseconds; `cancelled` like a call. */
  async pause(ms: number, doing: string, signal: AbortSignal | undefined): Promise<void> {
    const link = linkAbort(this.#closing.signal, signal);
    try {
      await sleep(ms, undefined, { signal: link.signal });
    } catch {
      throw cancelledError(doing);
    } finally {
      link.dispose();
    }
  }

  /** Aborts all calls; later ones are `cancelled`. */
  close(): void {
    this.#closing.abort();
    this.#transport.close();
  }

  async #send(call: Call, maxBytes: number): Promise<HttpResponse> {
    const { retries, delays } = this.#options;
    const link = linkAbort(this.#closing.signal, call.signal);
    const sending = { ...call, maxBytes, signal: link.signal };
    try {
      const policy = { retries, delays, signal: link.signal, onPause: call.onPause };
      const response = await withRetries(() => this.#inLane(sending), policy);
      if (response.status >= 200 && response.status < 300) return response;
      throw responseError(withoutSecret(response, this.#token), this.#contextOf(call));
    } catch (error) {
      if (link.signal.aborted) throw cancelledError(call.doing);
      if (error instanceof TransportError) throw transportError(error, call.doing);
      throw error;
    } finally {
      link.dispose();
    }
  }

  #inLane(sending: Sending): Promise<HttpResponse> {
    const { lane, signal } = sending;
    if (lane === "none") return this.#attempt(sending);
    const limited = (): Promise<HttpResponse> => this.#limiter.run(signal, () => this.#attempt(sending));
    return lane === undefined ? limited() : lane.run(signal, limited);
  }

  /** One attempt. A refused token is renewed once, when its provider can. */
  async #attempt(sending: Sending): Promise<HttpResponse> {
    const target = await this.#target(sending);
    const response = await this.#exchange(sending, target);
    if (response.status !== 401 || target.token === undefined || !this.#options.tokens.forget(target.token)) {
      return response;
    }
    return this.#exchange(sending, await this.#target(sending));
  }

  async #target({ to, signal }: Sending): Promise<Target> {
    const base = (await this.#options.baseUrl(signal)).replace(/\/+$/, "");
    const service = parseUrl(`${base}${"path" in to ? to.path : ""}`, "The service's address in the config node");
    if ("path" in to) {
      this.#token = await this.#options.tokens.get(signal);
      return { url: service, token: this.#token, trusted: true };
    }
    const url = parseUrl(to.link, "A link that the service gave");
    return { url, trusted: url.origin === service.origin };
  }

  #exchange(sending: Sending, { url, token, trusted }: Target): Promise<HttpResponse> {
    const { method, to, body, holdSeconds = 0, maxBytes, signal } = sending;
    const { agent, apiVersion, timeoutMs } = this.#options;
    const isLink = "link" in to;
    const isJson = body !== undefined && !Buffer.isBuffer(body);
    return this.#transport.send({
      method,
      url,
      headers: {
        "user-agent": agent,
        ...(isLink ? { accept: "*/*" } : { accept: "application/json", "cdf-version": apiVersion, "x-cdp-app": agent }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(isJson ? { "content-type": "application/json" } : {}),
        ...sending.headers,
      },
      body: isJson ? Buffer.from(JSON.stringify(body)) : body,
      timeoutMs: timeoutMs + holdSeconds * 1000,
      maxBytes,
      // Only a request without a token may be redirected to another address.
      redirects: isLink && method === "GET" ? 5 : 0,
      trusted,
      signal,
    });
  }

  #contextOf(call: Call): ErrorContext {
    return {
      purpose: call.purpose,
      doing: call.doing,
      missingAdvice: call.missingAdvice,
      tokenAdvice: "link" in call.to ? LINK_ADVICE : this.#options.tokens.advice,
    };
  }
}
