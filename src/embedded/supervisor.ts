import { errorText, SegmentError } from "../api/segment-error";
import { waitFor, type PendingWait } from "../async/wait-for";
import { ServerChild, type Endpoint } from "./child";
import type { EmbeddedOptions } from "./options";

const START_PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** After this time without a crash, the next restart is quick again. */
const STABLE_MS = 60_000;
/** After this number of failed starts in a row, callers get the error at once instead of waiting. */
const HOPELESS_STARTS = 2;

/**
 * Keeps one server running. Its states:
 *
 * - *starting*: from the construction, and after each pause. -> running when the child reports its address, pausing when
 *   it ends. Callers of `endpoint` wait; after two failed starts in a row they get the error at once.
 * - *running*: callers get the address. -> pausing when the child ends.
 * - *pausing*: 0.5 s, then twice as long after each further crash, up to 30 s. -> starting.
 * - *stopped*: by `stop`, from any state. Final: callers get an error.
 */
export class Supervisor {
  /** The log of the newest config node, as the first one may have been removed. */
  log: EmbeddedOptions["log"];
  readonly #waiting = new Set<PendingWait<Endpoint>>();
  #child: ServerChild | undefined;
  #endpoint: Endpoint | undefined;
  #readyAt = Infinity;
  #crashes = 0;
  #failedStarts = 0;
  #lastFailure = "";
  #restart: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(readonly options: EmbeddedOptions) {
    this.log = options.log;
    this.#start();
  }

  /**
   * The present address and token of the server; waits while it starts.
   * @throws {SegmentError} `unreachable` with the reason when it does not start, `cancelled` when the signal aborts
   */
  endpoint(signal?: AbortSignal): Promise<Endpoint> {
    return waitFor<Endpoint>(
      (wait) => {
        if (this.#endpoint !== undefined) wait.resolve(this.#endpoint);
        else if (this.#stopped || this.#failedStarts >= HOPELESS_STARTS) wait.reject(this.#startError());
        else this.#waiting.add(wait);
        return () => this.#waiting.delete(wait);
      },
      {
        signal,
        onAbort: () => {
          throw cancelled();
        },
        ms: START_PATIENCE_MS,
        onTimeout: () => {
          throw this.#startError();
        },
      },
    );
  }

  /** Ends the server for good. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#restart);
    this.#endpoint = undefined;
    this.#child?.stop();
    this.#rejectAll();
  }

  #start(): void {
    try {
      this.#child = new ServerChild(this.options, {
        ready: (endpoint) => this.#ready(endpoint),
        ended: (reason) => this.#ended(reason),
        line: (text) => this.log(`segment server: ${text}`),
      });
    } catch (error) {
      this.#ended(errorText(error));
    }
  }

  #ready(endpoint: Endpoint): void {
    if (this.#stopped) return;
    this.#endpoint = endpoint;
    this.#readyAt = performance.now();
    this.#failedStarts = 0;
    this.log(`segment server: started (process ${this.#child?.pid ?? "?"}) at ${endpoint.url}`);
    for (const waiting of this.#waiting) waiting.resolve(endpoint);
  }

  #ended(reason: string): void {
    this.#child = undefined;
    if (this.#stopped) return;
    if (this.#endpoint === undefined) this.#failedStarts++;
    if (performance.now() - this.#readyAt >= STABLE_MS) this.#crashes = 0;
    this.#endpoint = undefined;
    this.#readyAt = Infinity;
    this.#lastFailure = reason;
    if (this.#failedStarts >= HOPELESS_STARTS) this.#rejectAll();
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#crashes++);
    this.log(`segment server: ${reason}. It will be restarted in ${pause / 1000} s.`);
    this.#restart = setTimeout(() => this.#start(), pause).unref();
  }

  #rejectAll(): void {
    for (const waiting of this.#waiting) waiting.reject(this.#startError());
  }

  #startError(): SegmentError {
    return new SegmentError("unreachable", this.#startErrorText());
  }

  #startErrorText(): string {
    if (this.#stopped) return "The embedded segment server has been stopped, as no config node uses it any more.";
    const server = `The embedded segment server (data directory ${this.options.dataDir})`;
    return this.#lastFailure === ""
      ? `${server} is still starting after ${START_PATIENCE_MS / 1000} s: this machine is slow or busy. ` +
          "Send the message again when Node-RED's log says that the server has started."
      : `${server} does not run: ${this.#lastFailure}. It starts by itself once the cause is removed. ` +
          "See Node-RED's log for details.";
  }
}

function cancelled(): SegmentError {
  return new SegmentError("cancelled", "Cancelled: wait for the embedded segment server.");
}
