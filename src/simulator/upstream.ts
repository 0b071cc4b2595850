import http, { type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { collect, errorResponse, without, type HttpResponse } from "./http-response";
import { Forward } from "./forward";
import { DelayedJobs } from "./delayed-jobs";
import { pollJob, pollJobs, startJob } from "./long-polls";
import { stepOf, type RequestLine } from "./matcher";
import type { Script } from "./script";
import { TokenEndpoint } from "./token-endpoint";

/** Headers that CDF does not know. */
const REQUEST_EXTENSIONS = ["prefer", "idempotency-key"];
const RESPONSE_EXTENSIONS = ["x-segment-extensions", "preference-applied"];

/** The real server, and the token that it requires. */
export interface Target {
  url: string;
  token?: string;
}

/** Responds without faults, as the service of the script does, by means of the real server. */
export class Upstream {
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #tokens: TokenEndpoint | undefined;
  readonly #delayed: DelayedJobs | undefined;

  constructor(
    private readonly target: Target,
    private readonly script: Script,
  ) {
    this.#tokens = script.oauth && new TokenEndpoint(script.oauth);
    this.#delayed = script.jobSeconds === undefined ? undefined : new DelayedJobs(script.jobSeconds);
  }

  /** @throws {Error} when the real server can't be reached, or the signal aborts */
  async respond(request: IncomingMessage, line: RequestLine, signal: AbortSignal): Promise<HttpResponse> {
    const { withoutExtensions } = this.script;
    const step = stepOf(line);
    if (step === "token" && this.#tokens !== undefined) {
      return this.#tokens.respond(request.headers, await collect(request));
    }
    if (step === "poll-many" && withoutExtensions) {
      return errorResponse(404, `Route ${line.method} ${line.path} not found`);
    }
    const forward = new Forward(request, this.#headersOf(request), this.target.url, this.#agent, signal);
    const response = await this.#pass(forward, line);
    return withoutExtensions ? { ...response, headers: without(response.headers, RESPONSE_EXTENSIONS) } : response;
  }

  /** Drops the idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  #pass(forward: Forward, line: RequestLine): Promise<HttpResponse> {
    const delayed = this.#delayed;
    const step = stepOf(line);
    if (delayed === undefined) return forward.send();
    if (step === "start") return startJob(delayed, forward);
    if (step === "poll") return pollJob(delayed, forward, Number(/[^/]*$/.exec(line.path)?.[0]));
    return step === "poll-many" ? pollJobs(delayed, forward) : forward.send();
  }

  #headersOf({ headers }: IncomingMessage): OutgoingHttpHeaders {
    const isGranted = this.#tokens?.accepts(headers.authorization) === true;
    return {
      ...(this.script.withoutExtensions ? without(headers, REQUEST_EXTENSIONS) : headers),
      ...(isGranted ? { authorization: `Bearer ${this.target.token ?? ""}` } : {}),
      host: new URL(this.target.url).host,
      "x-forwarded-host": headers["x-forwarded-host"] ?? headers.host, // links to pictures go through the simulator
    };
  }
}
