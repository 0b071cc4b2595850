import http, { type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { collect, passableHeaders, without, type HttpResponse } from "./http-response";

/** One request on its way to the real server. */
export class Forward {
  /**
   * @param headers the headers to send
   * @param origin where the server listens
   * @param signal aborts requests and pauses
   */
  constructor(
    private readonly request: IncomingMessage,
    readonly headers: OutgoingHttpHeaders,
    private readonly origin: string,
    private readonly agent: http.Agent,
    private readonly signal: AbortSignal,
  ) {}

  /** Sends the request with the client's own body, which can be done once. */
  send(): Promise<HttpResponse> {
    return this.#exchange(this.headers, (onward) => this.request.pipe(onward));
  }

  /** Sends the request with another body and without `Prefer: wait`, so that the server responds at once. */
  sendWithoutWait(body: Buffer): Promise<HttpResponse> {
    const headers = without(this.headers, ["prefer", "transfer-encoding"]);
    return this.#exchange({ ...headers, "content-length": body.length }, (onward) => onward.end(body));
  }

  /** The client's body. After that, only `sendWithoutWait` can send. */
  readBody(): Promise<Buffer> {
    return collect(this.request);
  }

  /** Waits for this time (ms); returns at once for 0 or less. */
  async pause(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.signal });
  }

  #exchange(headers: OutgoingHttpHeaders, sendBody: (onward: http.ClientRequest) => void): Promise<HttpResponse> {
    const { request, agent, signal } = this;
    const url = new URL(request.url ?? "/", this.origin);
    return new Promise((resolve, reject) => {
      const onward = http.request(url, { method: request.method, headers, agent, signal }, (incoming) => {
        collect(incoming).then(
          (body) => resolve({ status: incoming.statusCode ?? 502, headers: passableHeaders(incoming.headers), body }),
          reject,
        );
      });
      onward.on("error", reject);
      sendBody(onward);
    });
  }
}
