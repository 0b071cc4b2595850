import http, { type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { collect, errorAnswer, without, type Answer } from "./answer";
import { Forward } from "./forward";
import { HeldJobs } from "./held-jobs";
import { look, looks, start } from "./long-polls";
import { stepOf, type Asked } from "./matcher";
import type { Script } from "./script";
import { TokenEndpoint } from "./token-endpoint";

/** What CDF does not know. */
const REQUEST_EXTENSIONS = ["prefer", "idempotency-key"];
const ANSWER_EXTENSIONS = ["x-segment-extensions", "preference-applied"];

/** The server behind, and the token that it wants. */
export interface Target {
  url: string;
  token?: string;
}

/** Answers as the script says that the service does when nothing goes wrong, with the help of the server behind. */
export class Upstream {
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #office: TokenEndpoint | undefined;
  readonly #held: HeldJobs | undefined;

  constructor(
    private readonly target: Target,
    private readonly script: Script,
  ) {
    this.#office = script.oauth && new TokenEndpoint(script.oauth);
    this.#held = script.jobSeconds === undefined ? undefined : new HeldJobs(script.jobSeconds);
  }

  /** @throws when the server behind can't be reached, or the signal aborts */
  async answer(request: IncomingMessage, asked: Asked, signal: AbortSignal): Promise<Answer> {
    const { withoutExtensions } = this.script;
    const step = stepOf(asked);
    if (step === "token" && this.#office !== undefined) {
      return this.#office.answer(request.headers, await collect(request));
    }
    if (step === "looks" && withoutExtensions) {
      return errorAnswer(404, `Route ${asked.method} ${asked.path} not found`);
    }
    const forward = new Forward(request, this.#headersOf(request), this.target.url, this.#agent, signal);
    const answer = await this.#pass(forward, asked);
    return withoutExtensions ? { ...answer, headers: without(answer.headers, ANSWER_EXTENSIONS) } : answer;
  }

  /** Drops the idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  #pass(forward: Forward, asked: Asked): Promise<Answer> {
    const held = this.#held;
    const step = stepOf(asked);
    if (held !== undefined && step === "start") return start(held, forward);
    if (held !== undefined && step === "look") return look(held, forward, Number(/[^/]*$/.exec(asked.path)?.[0]));
    if (held !== undefined && step === "looks") return looks(held, forward);
    return forward.send();
  }

  #headersOf({ headers }: IncomingMessage): OutgoingHttpHeaders {
    const isGranted = this.#office?.accepts(headers.authorization) === true;
    return {
      ...(this.script.withoutExtensions ? without(headers, REQUEST_EXTENSIONS) : headers),
      ...(isGranted ? { authorization: `Bearer ${this.target.token ?? ""}` } : {}),
      host: new URL(this.target.url).host,
      "x-forwarded-host": headers["x-forwarded-host"] ?? headers.host, // links to pictures lead through here
    };
  }
}
