import type { Endpoint } from "./child";
import { sameOptions, type EmbeddedOptions } from "./options";
import { realDirectory } from "./real-directory";
import { Supervisor } from "./supervisor";

const LINGER_MS = 10_000;

/** A server of this process and the number of its users. */
interface Shared {
  supervisor: Supervisor;
  users: number;
  linger: NodeJS.Timeout | undefined;
}

const servers = new Map<string, Shared>();

/**
 * One user's share of the segment server of this package. The server runs as a child process on a random port of the
 * loopback; all users of one data directory share it.
 */
export class EmbeddedServer {
  readonly #key: string;
  readonly #shared: Shared;
  readonly #options: EmbeddedOptions;
  #released = false;

  private constructor(key: string, shared: Shared, options: EmbeddedOptions) {
    this.#key = key;
    this.#shared = shared;
    this.#options = options;
  }

  /** Starts the server of a data directory, or joins the one that runs. Never throws: `endpoint` reports a failure. */
  static acquire(options: EmbeddedOptions): EmbeddedServer {
    const key = realDirectory(options.dataDir);
    const shared = reuse(key, options) ?? { supervisor: new Supervisor(options), users: 0, linger: undefined };
    servers.set(key, shared);
    clearTimeout(shared.linger);
    shared.users++;
    shared.supervisor.log = options.log;
    return new EmbeddedServer(key, shared, options);
  }

  /** Whether the server runs with the options of this share. While an earlier share is in use, the options of that one apply. */
  get runsAsAsked(): boolean {
    return sameOptions(this.#shared.supervisor.options, this.#options);
  }

  /**
   * The present address and token of the server. Waits while it starts, 30 s at most. Call it before every request: after
   * a crash the server has another address and another token.
   * @throws {SegmentError} `unreachable` with the reason when it does not start, `cancelled` when the signal aborts
   */
  endpoint(signal?: AbortSignal): Promise<Endpoint> {
    return this.#shared.supervisor.endpoint(signal);
  }

  /** Releases the share. The server ends some time after its last user. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    if (--this.#shared.users > 0) return;
    const lingerMs = this.#options.lingerMs ?? LINGER_MS;
    this.#shared.linger = setTimeout(() => end(this.#key, this.#shared), lingerMs).unref();
  }
}

function end(key: string, shared: Shared): void {
  clearTimeout(shared.linger);
  shared.supervisor.stop();
  if (servers.get(key) === shared) servers.delete(key);
}

/** The server that runs for this folder, if it may be used with these options. */
function reuse(key: string, options: EmbeddedOptions): Shared | undefined {
  const shared = servers.get(key);
  if (shared === undefined || sameOptions(shared.supervisor.options, options)) return shared;
  if (shared.users > 0) {
    options.log(
      `segment server: another config node runs it with other options for the folder ${key}; ` +
        "those apply: give both config nodes the same options or different data directories.",
    );
    return shared;
  }
  // It has no users: the options were changed. The new server waits until this one has released the folder.
  end(key, shared);
  return undefined;
}
