import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";

/** A proxy in front of a real server: records requests and their bytes, and can hold responses back as long as a test needs. */
export class HoldingProxy {
  /** Method and path of every request. */
  readonly requests: string[] = [];
  /** Bytes of the heads and bodies of these requests. */
  #sentBytes: number[] = [];
  #held: RegExp | undefined;
  readonly #waiting = new Set<() => void>();
  readonly #server: http.Server;

  private constructor(target: string) {
    this.#server = http.createServer((request, response) => {
      const line = `${request.method ?? ""} ${request.url ?? ""}`;
      const index = this.requests.push(line) - 1;
      this.#sentBytes[index] = `${line}\n${request.rawHeaders.join("\n")}`.length;
      request.on("data", (chunk: Buffer) => (this.#sentBytes[index]! += chunk.length));
      const headers = { ...request.headers, host: new URL(target).host };
      const onward = http.request(
        new URL(request.url ?? "/", target),
        { method: request.method, headers },
        (received) => {
          const pass = (): void => {
            response.writeHead(received.statusCode ?? 502, received.headers);
            received.pipe(response);
          };
          if (this.#held?.test(line) === true) this.#waiting.add(pass);
          else pass();
        },
      );
      onward.on("error", () => response.destroy());
      response.on("close", () => onward.destroy());
      request.pipe(onward);
    });
  }

  static async start(target: string): Promise<HoldingProxy> {
    const proxy = new HoldingProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many responses are held back now. */
  get held(): number {
    return this.#waiting.size;
  }

  /** Bytes that were sent to the server, and the requests that carried them, since `clear`. */
  get sent(): { bytes: number; requests: string[] } {
    return { bytes: this.#sentBytes.reduce((sum, bytes) => sum + bytes, 0), requests: this.requests };
  }

  /** Bytes of all requests like `POST /path`. */
  bytesOf(line: string): number {
    return this.#sentBytes.filter((_, index) => this.requests[index] === line).reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Forgets the requests so far. */
  clear(): void {
    this.requests.length = 0;
    this.#sentBytes = [];
  }

  /** Holds back the responses to requests like `POST /path` that match. */
  hold(pattern: RegExp): void {
    this.#held = pattern;
  }

  /** Lets all responses pass. */
  release(): void {
    this.#held = undefined;
    for (const pass of this.#waiting) pass();
    this.#waiting.clear();
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

/** Polls of jobs, by either route. */
export const POLLS = /^(GET \S+\/segment\/\d+|POST \S+\/segment\/byids)/;
