import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";

/** Stands in front of a real server: counts what passes, and can hold answers back for as long as a test wants. */
export class HoldingProxy {
  /** Method and path of every request that came. */
  readonly requests: string[] = [];
  #held: RegExp | undefined;
  readonly #waiting = new Set<() => void>();
  readonly #server: http.Server;

  private constructor(target: string) {
    this.#server = http.createServer((request, response) => {
      const line = `${request.method ?? ""} ${request.url ?? ""}`;
      this.requests.push(line);
      const headers = { ...request.headers, host: new URL(target).host };
      const onward = http.request(
        new URL(request.url ?? "/", target),
        { method: request.method, headers },
        (answer) => {
          const pass = (): void => {
            response.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(response);
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

  /** Holds back the answers of requests like `POST /path` that match. */
  hold(pattern: RegExp): void {
    this.#held = pattern;
  }

  /** Lets all answers pass. */
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

/** Looks at jobs, by either route. */
export const LOOKS = /^(GET \S+\/segment\/\d+|POST \S+\/segment\/byids)/;
