import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { errorText } from "../api";
import { namesLoopback, WRONG_HOST } from "../server/access";
import { listenUrl } from "../server/listen-url";
import type { Log } from "../server/log";
import { errorResponse, sendResponse } from "./http-response";
import { perform } from "./faults";
import { Matcher } from "./matcher";
import type { Script } from "./script";
import { Upstream, type Target } from "./upstream";

const REOPEN_MS = 100;

export interface SimulatorOptions {
  /** The real server. */
  target: Target;
  script: Script;
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** Accept only requests whose `Host` is this machine's loopback. */
  checkHost?: boolean;
  log: Log;
}

/** A proxy in front of a segment server that applies a script of faults to the requests. */
export class Simulator {
  readonly #options: SimulatorOptions;
  readonly #matcher: Matcher;
  readonly #upstream: Upstream;
  readonly #server: http.Server;
  #url = "";
  #reopening: NodeJS.Timeout | undefined;

  private constructor(options: SimulatorOptions) {
    this.#options = options;
    this.#matcher = new Matcher(options.script.rules);
    this.#upstream = new Upstream(options.target, options.script);
    // Uploads and hanging requests may take any time.
    this.#server = http.createServer({ requestTimeout: 0 }, (request, response) => {
      void this.#handle(request, response);
    });
  }

  /** @throws {Error} when the address can't be listened on */
  static async start(options: SimulatorOptions): Promise<Simulator> {
    const simulator = new Simulator(options);
    simulator.#server.listen(options.port, options.host);
    await once(simulator.#server, "listening");
    simulator.#url = listenUrl(simulator.#server);
    return simulator;
  }

  get url(): string {
    return this.#url;
  }

  /** Cuts all connections and stops listening. */
  async close(): Promise<void> {
    clearTimeout(this.#reopening);
    this.#upstream.close();
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const line = { method: request.method ?? "", path: (request.url ?? "").replace(/\?.*/s, "") };
    const pass = () => this.#upstream.respond(request, line, gone.signal);
    try {
      if (this.#options.checkHost === true && !namesLoopback(request)) {
        sendResponse(response, errorResponse(403, WRONG_HOST));
        return;
      }
      const fault = this.#matcher.take(line);
      if (fault === undefined) {
        sendResponse(response, await pass());
        return;
      }
      this.#options.log(`simulated ${fault.fault}: ${line.method} ${line.path}`);
      const refuse = (seconds: number): void => this.#refuse(seconds);
      await perform(fault, { request, response, pass, refuse, signal: gone.signal });
    } catch (error) {
      if (gone.signal.aborted) return; // the client has gone
      const message = `The server behind the simulator did not respond: ${errorText(error)}`;
      this.#options.log(message);
      if (response.headersSent) response.destroy();
      else sendResponse(response, errorResponse(502, message));
    }
  }

  #refuse(seconds: number): void {
    this.#server.close();
    this.#server.closeAllConnections();
    clearTimeout(this.#reopening);
    this.#reopening = setTimeout(() => this.#reopen(), seconds * 1000);
  }

  #reopen(): void {
    const again = (): void => void (this.#reopening = setTimeout(() => this.#reopen(), REOPEN_MS));
    this.#server.once("error", again);
    this.#server.once("listening", () => this.#server.off("error", again));
    this.#server.listen(Number(new URL(this.#url).port), this.#options.host);
  }
}
